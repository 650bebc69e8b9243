/** Operations of the manager, with their calls by name. */
import { ponder } from "ponder:registry";
import { operation } from "ponder:schema";
import { type Abi, type AbiFunction, decodeFunctionData, toFunctionSelector } from "viem";
import * as abis from "../abis.ts";
import { placed, plain } from "./reading.ts";
import { type Hex, names } from "./settings.ts";

/** Every function of the protocol by its selector. */
const functions = new Map<Hex, AbiFunction>(
  Object.values(abis as Record<string, Abi>)
    .flat()
    .filter((entry): entry is AbiFunction => entry.type === "function")
    .map((entry) => [toFunctionSelector(entry), entry]),
);

/** A call by name; nulls where no contract of the protocol has the function, or its arguments are no such. */
function decoded(data: Hex): { function: string | null; arguments: unknown } {
  const entry = functions.get(data.slice(0, 10) as Hex);
  if (entry === undefined) return { function: null, arguments: null };
  try {
    const { args = [] } = decodeFunctionData({ abi: [entry], data });
    const named = entry.inputs.map(
      (input, place) => [input.name ?? String(place), (args as unknown[])[place]] as const,
    );
    return { function: entry.name, arguments: plain(Object.fromEntries(named)) };
  } catch {
    return { function: null, arguments: null };
  }
}

ponder.on("ProtocolManager:OperationScheduled", async ({ event, context }) => {
  const { operationId, nonce, schedule, caller, target, data } = event.args;
  const { time, ...place } = placed(event);
  await context.db.insert(operation).values({
    ...place, id: operationId, nonce, status: "scheduled", caller, target, data, contract: names.get(target) ?? null,
    ...decoded(data), scheduledAt: time, readyAt: BigInt(schedule),
  }); // prettier-ignore
});

ponder.on("ProtocolManager:OperationExecuted", async ({ event, context }) => {
  const { operationId: id, nonce } = event.args;
  await context.db
    .update(operation, { id, nonce })
    .set({ status: "executed", executedAt: event.block.timestamp, endTransaction: event.transaction.hash });
});

ponder.on("ProtocolManager:OperationCanceled", async ({ event, context }) => {
  const { operationId: id, nonce } = event.args;
  await context.db
    .update(operation, { id, nonce })
    .set({ status: "cancelled", cancelledAt: event.block.timestamp, endTransaction: event.transaction.hash });
});
