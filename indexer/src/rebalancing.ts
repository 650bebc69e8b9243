/** Rebalances, and what every bid cost by the oracle. */
import { and, eq } from "ponder";
import { type Context, ponder } from "ponder:registry";
import { bid, indexToken, rebalance } from "ponder:schema";
import { priceOracleAbi } from "../abis.ts";
import { PHASES, WAD } from "../constants.ts";
import { placed, plain, read } from "./reading.ts";
import { type Hex, contract } from "./settings.ts";

ponder.on("Rebalancer:PlanSet", async ({ event, context }) => {
  const { index, methodology, tokens, parameters, nonce } = event.args;
  await context.db
    .update(indexToken, { address: index })
    .set({ methodology, plan: plain({ tokens, parameters, nonce }) });
});

ponder.on("Rebalancer:TermsSet", async ({ event, context }) => {
  await context.db.update(indexToken, { address: event.args.index }).set({ terms: plain(event.args.terms) });
});

ponder.on("Rebalancer:RebalanceStarted", async ({ event, context }) => {
  const { index, id, tokens, targets, nav, ends } = event.args;
  const { block, transaction, time } = placed(event);
  await context.db.insert(rebalance).values({
    index, id, tokens: [...tokens], targets: [...targets], nav, ends, startedAt: time, phase: "running", cost: 0n,
    bids: 0, valueOut: 0n, valueIn: 0n, block, transaction,
  }); // prettier-ignore
});

ponder.on("Rebalancer:BidFilled", async ({ event, context }) => {
  const { index, id, bidder, tokenOut, tokenIn, amountOut, amountIn, cost } = event.args;
  const running = await context.db.find(rebalance, { index, id });
  const valueOut = (await value(context, event.block, tokenOut, amountOut)) ?? null;
  const valueIn = (await value(context, event.block, tokenIn, amountIn)) ?? null;
  const known = valueOut !== null && valueIn !== null;
  await context.db.insert(bid).values({
    ...placed(event), index, rebalance: id, bidder, tokenOut, tokenIn, amountOut, amountIn,
    lost: cost - running!.cost, valueOut, valueIn,
    cost: known && valueOut !== 0n ? ((valueOut - valueIn) * WAD) / valueOut : null,
  }); // prettier-ignore
  await context.db.update(rebalance, { index, id }).set((row) => ({
    cost,
    bids: row.bids + 1,
    valueOut: row.valueOut + (known ? valueOut : 0n),
    valueIn: row.valueIn + (known ? valueIn : 0n),
  }));
});

ponder.on("Rebalancer:RebalanceEnded", async ({ event, context }) => {
  const { index, id, cost } = event.args;
  const phase = PHASES[event.args.phase] as Exclude<(typeof PHASES)[number], "none">; // one that ended has one
  await context.db.update(rebalance, { index, id }).set({ phase, cost, endedAt: event.block.timestamp });
});

/** The filler's bids: its event follows the bid's in the same transaction. */
ponder.on("UniswapFiller:Filled", async ({ event, context }) => {
  const { index, caller, tokenOut, tokenIn, amountOut, profit } = event.args;
  const [filled] = await context.db.sql
    .select({ block: bid.block, log: bid.log })
    .from(bid)
    .where(
      and(
        eq(bid.block, event.block.number), eq(bid.transaction, event.transaction.hash), eq(bid.index, index),
        eq(bid.tokenOut, tokenOut), eq(bid.tokenIn, tokenIn), eq(bid.amountOut, amountOut),
      ),
    ); // prettier-ignore
  if (filled !== undefined) await context.db.update(bid, filled).set({ filledBy: caller, profit });
});

/** D18{USD} by the oracle; undefined where it has no price. */
const value = (context: Context, block: { hash: Hex }, token: Hex, amount: bigint) =>
  read(context, block, contract("PriceOracle"), priceOracleAbi, "value", [token, amount]);
