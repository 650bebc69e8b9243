/** What accounts did: the events that `ape run history` shows. */
import type { Context } from "ponder:registry";
import { happening } from "ponder:schema";
import { type Happening, placed, plain } from "./reading.ts";
import { type Hex, names } from "./settings.ts";

/** Keeps an event as something that `account` did. */
export async function happened(
  context: Context,
  event: Happening & { args: object },
  name: string,
  account: Hex,
): Promise<void> {
  const contract = names.get(event.log.address);
  if (contract === undefined) throw new Error(`${event.log.address} is no contract of the deployment`);
  await context.db
    .insert(happening)
    .values({ ...placed(event), account, contract, event: name, values: plain(event.args) });
}
