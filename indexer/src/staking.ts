/**
 * Staked tokens: deposits, exits and rewards. `contracts/staking/StakedToken.sol` says why exits are kept as they are.
 */
import { type Context, ponder } from "ponder:registry";
import { exit, reward, source, stakedToken, stakingEvent } from "ponder:schema";
import { happened } from "./happenings.ts";
import { transfer } from "./positions.ts";
import { type Happening, placed } from "./reading.ts";
import { type Hex, lower, settings } from "./settings.ts";

const NOTHING = { assets: 0n, shares: 0n, startedAt: 0n, cooldown: 0n, parkedAssets: 0n, parkedShares: 0n };

ponder.on("StakedToken:setup", async ({ context }) => {
  for (const [name, vault] of Object.entries(settings.staked)) {
    const address = lower(vault.address);
    const symbol = `s${name}`;
    await context.db
      .insert(stakedToken)
      .values({ address, symbol, asset: lower(vault.asset), supply: 0n, cooldown: 0n, rewards: 0n });
    await context.db.insert(source).values({ address, kind: "staked", symbol });
  }
});

async function cooldownOf(context: Context, address: Hex): Promise<bigint> {
  return (await context.db.find(stakedToken, { address }))!.cooldown;
}

async function exitOf(context: Context, staked: Hex, account: Hex) {
  return (await context.db.find(exit, { staked, account })) ?? { ...NOTHING, staked, account };
}

type Exit = typeof NOTHING;

/** Whether the running request has matured. A cut of the cooldown counts at once. */
function matured(row: Exit, now: bigint, cooldown: bigint): boolean {
  return row.assets !== 0n && now >= row.startedAt + (cooldown < row.cooldown ? cooldown : row.cooldown);
}

async function act(
  context: Context,
  event: Happening & { args: object },
  action: "deposit" | "request" | "cancel" | "withdraw",
  who: { account: Hex; caller: Hex; assets: bigint; shares: bigint },
) {
  await context.db.insert(stakingEvent).values({ ...placed(event), action, staked: event.log.address, ...who });
}

ponder.on("StakedToken:Transfer", async ({ event, context }) => {
  const grown = await transfer(context, event.block.timestamp, event.log.address, event.args);
  if (grown === 0n) return;
  await context.db.update(stakedToken, { address: event.log.address }).set((row) => ({ supply: row.supply + grown }));
});

ponder.on("StakedToken:Deposit", async ({ event, context }) => {
  const { sender, owner, assets, shares } = event.args;
  await act(context, event, "deposit", { account: owner, caller: sender, assets, shares });
  await happened(context, event, "Deposit", owner);
});

/** Comes before the `RedeemRequest` of the same call, which tells the shares. */
ponder.on("StakedToken:CooldownStarted", async ({ event, context }) => {
  const { controller, assets, cooling, maturesAt } = event.args;
  const staked = event.log.address;
  const now = event.block.timestamp;
  const row = await exitOf(context, staked, controller);
  const next = { ...row, assets: cooling, startedAt: now, cooldown: maturesAt - now };
  if (matured(row, now, await cooldownOf(context, staked))) {
    next.parkedAssets += row.assets;
    next.parkedShares += row.shares;
    next.shares = 0n;
  }
  await context.db.insert(exit).values(next).onConflictDoUpdate(next);
  await act(context, event, "request", { account: controller, caller: controller, assets, shares: 0n });
});

ponder.on("StakedToken:RedeemRequest", async ({ event, context }) => {
  const { controller, sender, shares } = event.args;
  const key = { staked: event.log.address, account: controller };
  await context.db.update(exit, key).set((row) => ({ shares: row.shares + shares }));
  const place = { block: event.block.number, log: event.log.logIndex - 1 };
  await context.db.update(stakingEvent, place).set({ caller: sender, shares });
  await happened(context, event, "RedeemRequest", controller);
});

ponder.on("StakedToken:RequestCancelled", async ({ event, context }) => {
  const { controller, caller, assets, shares } = event.args;
  await context.db
    .update(exit, { staked: event.log.address, account: controller })
    .set({ assets: 0n, shares: 0n, startedAt: 0n, cooldown: 0n });
  await act(context, event, "cancel", { account: controller, caller, assets, shares });
  await happened(context, event, "RequestCancelled", controller);
});

/** A claim takes from all that has matured; what is left of it stays in the running request where that has. */
ponder.on("StakedToken:Withdraw", async ({ event, context }) => {
  const { sender, owner, assets, shares } = event.args;
  const staked = event.log.address;
  const row = await exitOf(context, staked, owner);
  const running = matured(row, event.block.timestamp, await cooldownOf(context, staked));
  const [allAssets, allShares] = running
    ? [row.assets + row.parkedAssets, row.shares + row.parkedShares]
    : [row.parkedAssets, row.parkedShares];
  const left = { assets: allAssets - assets, shares: allShares - shares };
  let next: Exit = { ...row, parkedAssets: left.assets, parkedShares: left.shares };
  if (running) next = left.assets === 0n ? NOTHING : { ...row, ...left, parkedAssets: 0n, parkedShares: 0n };
  await context.db.update(exit, { staked, account: owner }).set({ ...next });
  await act(context, event, "withdraw", { account: owner, caller: sender, assets, shares });
  await happened(context, event, "Withdraw", owner);
});

ponder.on("StakedToken:RewardsAdded", async ({ event, context }) => {
  const { caller, assets, unvested, duration } = event.args;
  const staked = event.log.address;
  await context.db.insert(reward).values({ ...placed(event), staked, caller, assets, unvested, duration });
  await context.db.update(stakedToken, { address: staked }).set((row) => ({ rewards: row.rewards + assets }));
});

ponder.on("StakedToken:CooldownSet", async ({ event, context }) => {
  await context.db.update(stakedToken, { address: event.log.address }).set({ cooldown: event.args.cooldown });
});
