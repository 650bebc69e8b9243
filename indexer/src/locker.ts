/** Locked liquidity: what the locker holds, and what it weighs. `docs/locker-math.md` is the specification. */
import { type Context, ponder } from "ponder:registry";
import { lock, lpStake, pool, position, source } from "ponder:schema";
import { happened } from "./happenings.ts";
import { move } from "./positions.ts";
import type { Hex } from "./settings.ts";

const EMPTY = { locked: 0n, matured: 0n, cooling: 0n, coolingLiquidity: 0n, maturesAt: 0n };

ponder.on("LpLocker:PoolAdded", async ({ event, context }) => {
  const { pool: address, kind, token0, token1 } = event.args;
  await context.db.insert(pool).values({ address, kind, token0, token1, addedAt: event.block.timestamp });
  await context.db.insert(source).values({ address, kind: "pool" });
});

ponder.on("LpLocker:PoolRemoved", async ({ event, context }) => {
  const removed = { removedAt: event.block.timestamp };
  await context.db.update(pool, { address: event.args.pool }).set(removed);
  await context.db.update(source, { address: event.args.pool }).set(removed);
});

async function isRemoved(context: Context, address: Hex): Promise<boolean> {
  return (await context.db.find(pool, { address }))!.removedAt !== null;
}

/** Takes liquidity off. In a removed pool locks weigh nothing any more, and positions stay as they were. */
async function unweigh(context: Context, time: bigint, address: Hex, owner: Hex, liquidity: bigint) {
  if (!(await isRemoved(context, address))) await move(context, time, address, owner, -liquidity);
}

// ------------------------------------------------------------------------------------------------ positions of v3

ponder.on("LpLocker:PositionLocked", async ({ event, context }) => {
  const { owner, tokenId, pool: address, liquidity } = event.args;
  const locked = { owner, pool: address, liquidity, lockedAt: event.block.timestamp, maturesAt: 0n, unlockedAt: null };
  await context.db
    .insert(lock)
    .values({ tokenId, ...locked })
    .onConflictDoUpdate(locked);
  await move(context, event.block.timestamp, address, owner, liquidity);
  await happened(context, event, "PositionLocked", owner);
});

ponder.on("LpLocker:PositionUnlockRequested", async ({ event, context }) => {
  const { owner, tokenId, pool: address, maturesAt } = event.args;
  const { liquidity } = await context.db.update(lock, { tokenId }).set({ maturesAt });
  await unweigh(context, event.block.timestamp, address, owner, liquidity);
  await happened(context, event, "PositionUnlockRequested", owner);
});

ponder.on("LpLocker:PositionUnlockCancelled", async ({ event, context }) => {
  const { owner, tokenId, pool: address } = event.args;
  const { liquidity } = await context.db.update(lock, { tokenId }).set({ maturesAt: 0n });
  await move(context, event.block.timestamp, address, owner, liquidity);
  await happened(context, event, "PositionUnlockCancelled", owner);
});

ponder.on("LpLocker:PositionUnlocked", async ({ event, context }) => {
  await context.db.update(lock, { tokenId: event.args.tokenId }).set({ unlockedAt: event.block.timestamp });
  await happened(context, event, "PositionUnlocked", event.args.owner);
});

ponder.on("LpLocker:FeesCollected", async ({ event, context }) => {
  await happened(context, event, "FeesCollected", event.args.owner);
});

// ------------------------------------------------------------------------------------------------ LP tokens of v2

async function stakeOf(context: Context, owner: Hex, address: Hex) {
  return (await context.db.find(lpStake, { owner, pool: address })) ?? { owner, pool: address, ...EMPTY };
}

ponder.on("LpLocker:TokensLocked", async ({ event, context }) => {
  const { owner, pool: address, amount, liquidity } = event.args;
  await context.db
    .insert(lpStake)
    .values({ owner, pool: address, ...EMPTY, locked: amount })
    .onConflictDoUpdate((row) => ({ locked: row.locked + amount }));
  await move(context, event.block.timestamp, address, owner, liquidity);
  await happened(context, event, "TokensLocked", owner);
});

ponder.on("LpLocker:TokensUnlockRequested", async ({ event, context }) => {
  const { owner, pool: address, amount, cooling, maturesAt } = event.args;
  const now = event.block.timestamp;
  const row = await stakeOf(context, owner, address);
  const removed = await isRemoved(context, address);
  const weight = (await context.db.find(position, { source: address, account: owner }))?.balance ?? 0n;
  const liquidity = removed ? 0n : (weight * amount + row.locked - 1n) / row.locked; // rounded up
  const earlier =
    row.maturesAt !== 0n && row.maturesAt <= now
      ? { matured: row.matured + row.cooling, coolingLiquidity: 0n }
      : { matured: row.matured, coolingLiquidity: row.coolingLiquidity };
  await context.db.update(lpStake, { owner, pool: address }).set({
    locked: row.locked - amount,
    matured: earlier.matured,
    cooling,
    coolingLiquidity: earlier.coolingLiquidity + liquidity,
    maturesAt,
  });
  await unweigh(context, now, address, owner, liquidity);
  await happened(context, event, "TokensUnlockRequested", owner);
});

ponder.on("LpLocker:TokensUnlockCancelled", async ({ event, context }) => {
  const { owner, pool: address, amount, liquidity } = event.args;
  await context.db
    .update(lpStake, { owner, pool: address })
    .set((row) => ({ locked: row.locked + amount, cooling: 0n, coolingLiquidity: 0n, maturesAt: 0n }));
  await move(context, event.block.timestamp, address, owner, liquidity);
  await happened(context, event, "TokensUnlockCancelled", owner);
});

ponder.on("LpLocker:TokensUnlocked", async ({ event, context }) => {
  const { owner, pool: address } = event.args;
  const row = await stakeOf(context, owner, address);
  const done = row.maturesAt !== 0n && row.maturesAt <= event.block.timestamp;
  await context.db
    .update(lpStake, { owner, pool: address })
    .set(done ? { matured: 0n, cooling: 0n, coolingLiquidity: 0n, maturesAt: 0n } : { matured: 0n });
  await happened(context, event, "TokensUnlocked", owner);
});
