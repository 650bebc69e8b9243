/** Balances and their integrals, exactly as the contracts remember them. */
import type { Context } from "ponder:registry";
import { position, positionEpoch } from "ponder:schema";
import { ZERO } from "../constants.ts";
import { type Hex, epochOf, startOf } from "./settings.ts";

/** Changes a balance by `delta` and carries its integral up to `time`. */
export async function move(context: Context, time: bigint, source: Hex, account: Hex, delta: bigint): Promise<bigint> {
  const epoch = epochOf(time);
  const before = await context.db.find(position, { source, account });
  const known = before?.epoch === epoch; // before the row changes under it
  let seconds = 0n;
  if (before !== null) {
    seconds =
      before.epoch === epoch
        ? before.seconds + before.balance * (time - before.since)
        : before.balance * (time - startOf(epoch));
  }
  const now = { balance: (before?.balance ?? 0n) + delta, since: time, epoch, seconds };
  const row = { seconds, closing: now.balance, last: time };
  await context.db
    .insert(position)
    .values({ source, account, ...now })
    .onConflictDoUpdate(now);
  // Whether the row is there follows from `before`: the engine would ask the database, which is most of the work.
  if (known) await context.db.update(positionEpoch, { source, account, epoch }).set(row);
  else await context.db.insert(positionEpoch).values({ source, account, epoch, ...row });
  return now.balance;
}

/**
 * A transfer of a time-weighted token. The zero address has the supply, so both ends of a mint or a burn move by the
 * same sign. Returns by how much the supply grew.
 */
export async function transfer(
  context: Context,
  time: bigint,
  token: Hex,
  { from, to, value }: { from: Hex; to: Hex; value: bigint },
): Promise<bigint> {
  if (value === 0n) return 0n; // it changes no balance, and any account can send it in another's name
  const [minted, burnt] = [from === ZERO, to === ZERO];
  await move(context, time, token, from, minted ? value : -value);
  await move(context, time, token, to, burnt ? -value : value);
  return minted ? value : burnt ? -value : 0n;
}
