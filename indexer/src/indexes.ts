/** Index tokens: what they hold, mint and redeem, and what the router trades. */
import { and, eq, gt, sql } from "ponder";
import { type Context, ponder } from "ponder:registry";
import {
  basketClaim,
  constituent,
  distribution,
  feeCollection,
  indexToken,
  loss,
  mint,
  redemption,
  source,
  surplus,
  trade,
  unitsChange,
} from "ponder:schema";
import { happened } from "./happenings.ts";
import { transfer } from "./positions.ts";
import { type Happening, placed } from "./reading.ts";
import { type Hex, lower, settings } from "./settings.ts";

const PART_BITS = 64n;

ponder.on("IndexToken:setup", async ({ context }) => {
  for (const [symbol, found] of Object.entries(settings.indexes)) {
    const address = lower(found);
    await context.db.insert(indexToken).values({
      address, symbol, base: 0n, supply: 0n, dailyFee: 0n, anchor: 0n, anchorTime: 0n, mintFee: 0n, supplyCap: 0n,
      paused: false, deprecated: false, minted: 0n, redeemed: 0n, fees: 0n, toStakers: 0n, toTreasury: 0n,
    }); // prettier-ignore
    await context.db.insert(source).values({ address, kind: "index", symbol });
  }
});

const change = (context: Context, event: Happening) => context.db.update(indexToken, { address: event.log.address });

ponder.on("IndexFactory:IndexCreated", async ({ event, context }) => {
  if ((await context.db.find(indexToken, { address: event.args.index })) === null) return; // younger than the settings
  await context.db.update(indexToken, { address: event.args.index }).set({ createdAt: event.block.timestamp });
});

ponder.on("IndexToken:Transfer", async ({ event, context }) => {
  const grown = await transfer(context, event.block.timestamp, event.log.address, event.args);
  if (grown !== 0n) await change(context, event).set((row) => ({ supply: row.supply + grown }));
});

// ------------------------------------------------------------------------------------------------ mints, redemptions

ponder.on("IndexToken:Minted", async ({ event, context }) => {
  const { caller, receiver, shares, base } = event.args;
  await context.db.insert(mint).values({ ...placed(event), index: event.log.address, caller, receiver, shares, base });
  await change(context, event).set((row) => ({ base: row.base + base, minted: row.minted + shares }));
  await happened(context, event, "Minted", caller);
});

ponder.on("IndexToken:Redeemed", async ({ event, context }) => {
  const { caller, receiver, owner, shares, base } = event.args;
  await context.db
    .insert(redemption)
    .values({ ...placed(event), index: event.log.address, caller, receiver, owner, shares, base });
  await change(context, event).set((row) => ({ base: row.base - base, redeemed: row.redeemed + shares }));
  await happened(context, event, "Redeemed", owner);
});

ponder.on("IndexToken:Segregated", async ({ event, context }) => {
  const { token, account, amount } = event.args;
  const parts = amount << PART_BITS;
  await context.db
    .insert(basketClaim)
    .values({ index: event.log.address, token, account, parts })
    .onConflictDoUpdate((row) => ({ parts: row.parts + parts }));
  await happened(context, event, "Segregated", account);
});

ponder.on("IndexToken:Claimed", async ({ event, context }) => {
  const { token, account, claim } = event.args;
  await context.db.update(basketClaim, { index: event.log.address, token, account }).set((row) => ({
    parts: claim === row.parts >> PART_BITS ? 0n : row.parts - (claim << PART_BITS),
  }));
  await happened(context, event, "Claimed", account);
});

/** A loss cuts every open claim at once. The contract cuts each when it is next read, by the same fractions in turn. */
ponder.on("IndexToken:LossWrittenOff", async ({ event, context }) => {
  const { token, held, owed } = event.args;
  const index = event.log.address;
  await context.db.insert(loss).values({ ...placed(event), index, token, held, owed });
  const open = await context.db.sql
    .select()
    .from(basketClaim)
    .where(and(eq(basketClaim.index, index), eq(basketClaim.token, token), gt(basketClaim.parts, sql`0`)));
  for (const { account, parts } of open) {
    await context.db.update(basketClaim, { index, token, account }).set({ parts: (parts * held) / owed });
  }
});

// ------------------------------------------------------------------------------------------------ the basket

async function setUnits(context: Context, event: Happening, token: Hex, units: bigint, cause: "set" | "swap") {
  const index = event.log.address;
  await context.db.insert(unitsChange).values({ ...placed(event), index, token, units, cause });
  await context.db.update(constituent, { index, token }).set({ units });
}

ponder.on("IndexToken:ConstituentAdded", async ({ event, context }) => {
  const added = { units: 0n, active: true, addedAt: event.block.timestamp, removedAt: null };
  await context.db
    .insert(constituent)
    .values({ index: event.log.address, token: event.args.token, ...added })
    .onConflictDoUpdate(added);
});

ponder.on("IndexToken:ConstituentRemoved", async ({ event, context }) => {
  await context.db
    .update(constituent, { index: event.log.address, token: event.args.token })
    .set({ units: 0n, active: false, removedAt: event.block.timestamp });
});

ponder.on("IndexToken:UnitsSet", async ({ event, context }) => {
  await setUnits(context, event, event.args.token, event.args.units, "set");
});

ponder.on("IndexToken:Swapped", async ({ event, context }) => {
  const { tokenOut, tokenIn, unitsOut, unitsIn } = event.args;
  await setUnits(context, event, tokenOut, unitsOut, "swap");
  await setUnits(context, event, tokenIn, unitsIn, "swap");
});

ponder.on("IndexToken:SurplusVesting", async ({ event, context }) => {
  const { token, units, end } = event.args;
  await context.db.insert(surplus).values({ ...placed(event), index: event.log.address, token, units, ends: end });
});

// ------------------------------------------------------------------------------------------------ rules and fees

ponder.on("IndexToken:StreamingFeeSet", async ({ event, context }) => {
  const { dailyFee, anchor } = event.args;
  await change(context, event).set({ dailyFee, anchor, anchorTime: event.block.timestamp });
});
ponder.on("IndexToken:MintFeeSet", async ({ event, context }) => {
  await change(context, event).set({ mintFee: event.args.mintFee });
});
ponder.on("IndexToken:SupplyCapSet", async ({ event, context }) => {
  await change(context, event).set({ supplyCap: event.args.supplyCap });
});
ponder.on("IndexToken:FeeReceiverSet", async ({ event, context }) => {
  await change(context, event).set({ feeReceiver: event.args.receiver });
});
ponder.on("IndexToken:RebalancerSet", async ({ event, context }) => {
  await change(context, event).set({ rebalancer: event.args.rebalancer });
});
ponder.on("IndexToken:MintingPaused", async ({ event, context }) => {
  await change(context, event).set({ paused: true });
});
ponder.on("IndexToken:MintingUnpaused", async ({ event, context }) => {
  await change(context, event).set({ paused: false });
});
ponder.on("IndexToken:Deprecated", async ({ event, context }) => {
  await change(context, event).set({ deprecated: true });
});

ponder.on("IndexToken:FeesCollected", async ({ event, context }) => {
  const { receiver, shares } = event.args;
  await context.db.insert(feeCollection).values({ ...placed(event), index: event.log.address, receiver, shares });
  await change(context, event).set((row) => ({ fees: row.fees + shares }));
});

ponder.on("FeeDistributor:SplitSet", async ({ event, context }) => {
  const { index, stakedToken, stakersPart } = event.args;
  await context.db.update(indexToken, { address: index }).set({ stakedToken, stakersPart });
});

ponder.on("FeeDistributor:Distributed", async ({ event, context }) => {
  const { index, caller, day, toStakers, toTreasury } = event.args;
  await context.db.insert(distribution).values({ ...placed(event), index, caller, day, toStakers, toTreasury });
  await context.db.update(indexToken, { address: index }).set((row) => ({
    toStakers: row.toStakers + toStakers,
    toTreasury: row.toTreasury + toTreasury,
  }));
});

// ------------------------------------------------------------------------------------------------ the router

ponder.on("IndexRouter:Bought", async ({ event, context }) => {
  const { index, payer, receiver, token, amountIn, shares, referralCode } = event.args;
  await context.db.insert(trade).values({
    ...placed(event),
    side: "buy",
    index,
    account: payer,
    receiver,
    token,
    amount: amountIn,
    shares,
    referralCode,
  });
  await happened(context, event, "Bought", payer);
});

ponder.on("IndexRouter:Sold", async ({ event, context }) => {
  const { index, seller, receiver, token, shares, amountOut } = event.args;
  await context.db
    .insert(trade)
    .values({ ...placed(event), side: "sell", index, account: seller, receiver, token, amount: amountOut, shares });
  await happened(context, event, "Sold", seller);
});

ponder.on("IndexRouter:Staked", async ({ event, context }) => {
  await happened(context, event, "Staked", event.args.payer);
});
