/** Reads of the chain at the block that is being indexed, and how an event is kept. */
import type { Context } from "ponder:registry";
import {
  type Abi,
  BaseError,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type ContractFunctionReturnType,
  ExecutionRevertedError,
  concat,
  decodeFunctionResult,
  encodeFunctionData,
} from "viem";
import type { Hex } from "./settings.ts";

export type Happening = {
  block: { number: bigint; timestamp: bigint };
  log: { logIndex: number; address: Hex };
  transaction: { hash: Hex };
};

/** Place and time of an event, the columns that all tables of events share. */
export const placed = ({ block, log, transaction }: Happening) => ({
  block: block.number,
  log: log.logIndex,
  time: block.timestamp,
  transaction: transaction.hash,
});

/**
 * What a view answers at the end of a block; undefined where it reverts, where nothing is deployed yet, and where
 * `INDEXER_READS` is off.
 *
 * The block's hash follows the arguments, where contracts do not look. The engine keeps answers by the call and the
 * number of the block, also beyond a crash; with the hash in the call it never answers for another block of that
 * number.
 */
export async function read<
  const abi extends Abi,
  name extends ContractFunctionName<abi, "view" | "pure">,
  const args extends ContractFunctionArgs<abi, "view" | "pure", name>,
>(
  context: Context,
  block: { hash: Hex },
  address: Hex,
  abi: abi,
  functionName: name,
  args: args,
): Promise<ContractFunctionReturnType<abi, "view" | "pure", name, args> | undefined> {
  if (process.env.INDEXER_READS === "off") return undefined;
  const call = encodeFunctionData({ abi, functionName, args } as never);
  try {
    const { data } = await context.client.call({ to: address, data: concat([call, block.hash]) });
    if (data === undefined) return undefined;
    return decodeFunctionResult({ abi, functionName, args, data } as never) as never;
  } catch (error) {
    if (error instanceof BaseError && error.walk((cause) => cause instanceof ExecutionRevertedError)) return undefined;
    throw error;
  }
}

/** Decoded values as JSON keeps them: integers as strings. */
export function plain(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map(plain);
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  }
  return value;
}
