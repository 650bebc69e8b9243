/** What is asked of the chain now and then: NAV and rates once an hour, and the end of an epoch. */
import { type Context, ponder } from "ponder:registry";
import { clock, constituentSample, epoch, navSample, rateSample } from "ponder:schema";
import { indexLensAbi, stakedTokenAbi } from "../abis.ts";
import { DAY, HOUR } from "../constants.ts";
import { read } from "./reading.ts";
import { type Hex, contract, epochOf, lower, settings, startOf } from "./settings.ts";
import { begin, readSheet, stand } from "./standings.ts";

const [ONE_HOUR, ONE_DAY] = [BigInt(HOUR), BigInt(DAY)];

type Block = { number: bigint; timestamp: bigint; hash: Hex };
type Rate = { rate: bigint; totalAssets: bigint; totalSupply: bigint; currentApr: bigint };

ponder.on("Look:block", async ({ event, context }) => {
  const { block } = event;
  const [hour, day, running] = [
    Number(block.timestamp / ONE_HOUR), Number(block.timestamp / ONE_DAY), epochOf(block.timestamp),
  ]; // prettier-ignore
  const before = await context.db.find(clock, { id: 0 });
  for (let number = before?.epoch ?? running; number < running; ++number) await close(context, block, number);
  await begin(context, running);
  if (before?.hour !== hour) await sample(context, block, before?.day !== day);
  const row = { block: block.number, time: block.timestamp, hour, day, epoch: running };
  await context.db
    .insert(clock)
    .values({ id: 0, ...row })
    .onConflictDoUpdate(row);
});

/** The final standing of an epoch that is over: its prices follow from samples that are all of the past. */
async function close(context: Context, block: Block, number: number) {
  await begin(context, number);
  const row = await context.db.find(epoch, { number });
  if (row!.settled) return; // its record came in the same block, and knew the prices
  if (await readSheet(context, block, number)) await stand(context, number, startOf(number + 1));
}

async function sample(context: Context, block: Block, newDay: boolean) {
  const overviews = await read(context, block, contract("IndexLens"), indexLensAbi, "overviews", []);
  if (overviews === undefined) return; // before the lens is deployed
  const rates = new Map<Hex, Rate>();
  for (const { stakedToken, exchangeRate, totalAssets, totalSupply, currentApr } of overviews.map((o) => o.staking)) {
    rates.set(lower(stakedToken), { rate: exchangeRate, totalAssets, totalSupply, currentApr });
  }
  for (const vault of Object.values(settings.staked)) {
    const address = lower(vault.address);
    const rate = rates.get(address) ?? (await rateOf(context, block, address));
    if (rate !== undefined) await keepRate(context, block, newDay, address, rate);
  }
  for (const overview of overviews) {
    if (!overview.readable || overview.totalSupply === 0n) continue;
    for (const [period, start] of periods(block, newDay)) {
      const { nav, sharePrice, totalSupply, pendingFeeShares, multiplier, priced } = overview;
      const key = { index: lower(overview.index), period, start };
      await context.db.insert(navSample).values({
        ...key, block: block.number, time: block.timestamp, priced, nav, sharePrice, totalSupply, pendingFeeShares,
        multiplier,
      }); // prettier-ignore
      await context.db.insert(constituentSample).values(
        overview.constituents.map(({ token, units, priced: has, price, value, weight }) => ({
          ...key, token: lower(token), units, priced: has, price, value, weight,
        })),
      ); // prettier-ignore
    }
  }
}

function periods(block: Block, newDay: boolean): ["hour" | "day", bigint][] {
  const hour = ["hour", block.timestamp - (block.timestamp % ONE_HOUR)] as ["hour", bigint];
  return newDay ? [hour, ["day", block.timestamp - (block.timestamp % ONE_DAY)]] : [hour];
}

/** The rate of a staked token that stakes no index, which the lens does not know. */
async function rateOf(context: Context, block: Block, address: Hex): Promise<Rate | undefined> {
  const ask = (name: "exchangeRate" | "totalAssets" | "totalSupply" | "currentApr") =>
    read(context, block, address, stakedTokenAbi, name, []);
  const [rate, totalAssets, totalSupply, currentApr] = [
    await ask("exchangeRate"), await ask("totalAssets"), await ask("totalSupply"), await ask("currentApr"),
  ]; // prettier-ignore
  if (rate === undefined || totalAssets === undefined || totalSupply === undefined || currentApr === undefined) return;
  return { rate, totalAssets, totalSupply, currentApr };
}

async function keepRate(context: Context, block: Block, newDay: boolean, staked: Hex, rate: Rate) {
  for (const [period, start] of periods(block, newDay)) {
    await context.db
      .insert(rateSample)
      .values({ staked, period, start, block: block.number, time: block.timestamp, ...rate });
  }
}
