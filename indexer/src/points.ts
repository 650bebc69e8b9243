/**
 * The points programme: who is in it, what was written down, and the pots. `docs/points-math.md` is the specification.
 */
import { type Context, ponder } from "ponder:registry";
import {
  account, epoch, pot, potClaim, potEvent, priceSample, record, recorder, referralCode, slot,
} from "ponder:schema"; // prettier-ignore
import { REFEREE_PART, ZERO } from "../constants.ts";
import { happened } from "./happenings.ts";
import { type Happening, placed } from "./reading.ts";
import { type Hex, startOf } from "./settings.ts";
import { begin, readSheet, stand, writeSheet } from "./standings.ts";

const MOST = 2n ** 120n - 1n;

const least = (a: bigint, b: bigint) => (a < b ? a : b);

// ------------------------------------------------------------------------------------------------ people

ponder.on("PointsLedger:Joined", async ({ event, context }) => {
  const joined = { joinedAt: event.block.timestamp };
  await context.db
    .insert(account)
    .values({ address: event.args.account, referees: 0, ...joined })
    .onConflictDoUpdate(joined);
  await happened(context, event, "Joined", event.args.account);
});

ponder.on("ReferralRegistry:CodeRegistered", async ({ event, context }) => {
  const { owner, code, rank } = event.args;
  await context.db.insert(referralCode).values({ code, owner, rank, time: event.block.timestamp });
  await happened(context, event, "CodeRegistered", owner);
});

ponder.on("ReferralRegistry:Bound", async ({ event, context }) => {
  const { referee, referrer, code } = event.args;
  const bound = { referrer, boundAt: event.block.timestamp, referralCode: code };
  await context.db
    .insert(account)
    .values({ address: referee, referees: 0, ...bound })
    .onConflictDoUpdate(bound);
  await context.db
    .insert(account)
    .values({ address: referrer, referees: 1 })
    .onConflictDoUpdate((row) => ({ referees: row.referees + 1 }));
  await happened(context, event, "Bound", referee);
});

// ------------------------------------------------------------------------------------------------ prices

ponder.on("ReferencePrices:PriceSampled", async ({ event, context }) => {
  const { token, price } = event.args;
  const key = { epoch: Number(event.args.epoch), slot: Number(event.args.slot), token };
  await context.db
    .insert(priceSample)
    .values({ ...key, price })
    .onConflictDoUpdate({ price });
});

ponder.on("ReferencePrices:SampleTaken", async ({ event, context }) => {
  const number = Number(event.args.epoch);
  const key = { epoch: number, slot: Number(event.args.slot) };
  const sampled = { missing: Number(event.args.missing), time: event.block.timestamp, block: event.block.number };
  await begin(context, number);
  const again = (await context.db.find(slot, key)) !== null;
  await context.db
    .insert(slot)
    .values({ ...key, ...sampled })
    .onConflictDoUpdate(sampled);
  if (!again) await context.db.update(epoch, { number }).set((row) => ({ samples: row.samples + 1 }));
  if (await readSheet(context, event.block, number)) await stand(context, number, event.block.timestamp);
});

ponder.on("ReferencePrices:EpochSettled", async ({ event, context }) => {
  const number = Number(event.args.epoch);
  const { sheet } = event.args;
  await begin(context, number);
  await writeSheet(context, number, sheet);
  await stand(context, number, startOf(number + 1));
  await context.db
    .update(epoch, { number })
    .set({ settled: true, referrals: sheet.referrals === ZERO ? null : sheet.referrals });
});

// ------------------------------------------------------------------------------------------------ records

/** What an account's record is worth with the bonuses, as the ledger sums it up. */
function total(row: { points: bigint; credit: bigint; referred: boolean }): bigint {
  return row.points + (row.referred ? row.points / BigInt(REFEREE_PART) : 0n) + least(row.points, row.credit);
}

/** Writes a record, and by how much it changed the sum of the epoch. */
async function tally(
  context: Context,
  number: number,
  who: Hex,
  changed: Partial<{ points: bigint; credit: bigint; referred: boolean; recordedAt: bigint }>,
) {
  const key = { account: who, epoch: number };
  const before = await context.db.find(record, key);
  const was = before?.total ?? 0n; // before the row changes under it
  const row = { points: 0n, credit: 0n, referred: false, ...before, ...changed, ...key };
  const next = { ...row, total: total(row) };
  await context.db.insert(record).values(next).onConflictDoUpdate(next);
  await context.db.update(epoch, { number }).set((one) => ({
    recorded: one.recorded + (changed.points === undefined ? 0 : 1),
    totalRecorded: one.totalRecorded + next.total - was,
  }));
}

ponder.on("PointsLedger:Recorded", async ({ event, context }) => {
  const number = Number(event.args.epoch);
  const { account: who, points } = event.args;
  const [known, at] = [await context.db.find(account, { address: who }), await context.db.find(epoch, { number })];
  const bound = known?.boundAt ?? null;
  const referred = at?.referrals != null && bound !== null && bound < startOf(number + 1);
  await tally(context, number, who, { points, referred, recordedAt: event.block.timestamp });
  await happened(context, event, "Recorded", who);
});

ponder.on("PointsLedger:ReferralCredited", async ({ event, context }) => {
  const number = Number(event.args.epoch);
  const { referrer, credit } = event.args;
  const before = await context.db.find(record, { account: referrer, epoch: number });
  await tally(context, number, referrer, { credit: least((before?.credit ?? 0n) + credit, MOST) });
});

ponder.on("PointsLedger:RecordedBy", async ({ event, context }) => {
  const { recorder: who, points } = event.args;
  await context.db
    .insert(recorder)
    .values({ account: who, epoch: Number(event.args.epoch), points })
    .onConflictDoUpdate((row) => ({ points: row.points + points }));
});

// ------------------------------------------------------------------------------------------------ pots

type Moved = { action: "fund" | "claim" | "roll"; epoch: number; token: Hex; amount: bigint };

async function movePot(context: Context, event: Happening, moved: Moved & { account?: Hex; fromEpoch?: number }) {
  await context.db.insert(potEvent).values({ ...placed(event), ...moved });
}

async function fill(context: Context, number: number, token: Hex, funded: bigint, recorders = 0n) {
  await begin(context, number);
  await context.db
    .insert(pot)
    .values({ epoch: number, token, funded, paid: 0n, recorders })
    .onConflictDoUpdate((row) => ({ funded: row.funded + funded, recorders: row.recorders + recorders }));
}

ponder.on("PointsLedger:RecordersFunded", async ({ event, context }) => {
  const { token, amount } = event.args;
  await fill(context, Number(event.args.epoch), token, 0n, amount);
});

ponder.on("PointsLedger:Funded", async ({ event, context }) => {
  const number = Number(event.args.epoch);
  const { token, funder, amount } = event.args;
  await fill(context, number, token, amount);
  await movePot(context, event, { action: "fund", epoch: number, token, amount, account: funder });
});

ponder.on("PointsLedger:Claimed", async ({ event, context }) => {
  const number = Number(event.args.epoch);
  const { token, account: who, amount } = event.args;
  await context.db.update(pot, { epoch: number, token }).set((row) => ({ paid: row.paid + amount }));
  await context.db
    .insert(potClaim)
    .values({ account: who, epoch: number, token, amount })
    .onConflictDoUpdate((row) => ({ amount: row.amount + amount }));
  await movePot(context, event, { action: "claim", epoch: number, token, amount, account: who });
  await happened(context, event, "Claimed", who);
});

ponder.on("PointsLedger:RolledOver", async ({ event, context }) => {
  const [from, to] = [Number(event.args.fromEpoch), Number(event.args.toEpoch)];
  const { token, amount } = event.args;
  await context.db.update(pot, { epoch: from, token }).set((row) => ({ paid: row.paid + amount }));
  await fill(context, to, token, amount);
  await movePot(context, event, { action: "roll", epoch: to, token, amount, fromEpoch: from });
});
