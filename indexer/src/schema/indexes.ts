/** Indexes, what they hold, and how they are rebalanced. Units and names: `ponder.schema.ts`. */
import { index, onchainEnum, onchainTable, primaryKey } from "ponder";

// ------------------------------------------------------------------------------------------------ indexes
/**
 * An index token. `base` is in base shares, what all shares stand for; `supply` counts the shares that accounts hold.
 */
export const indexToken = onchainTable("index_token", (t) => ({
  address: t.hex().primaryKey(),
  symbol: t.text().notNull(),
  /** Of its creation by the factory; null for one of which the factory does not know. */
  createdAt: t.bigint(),
  base: t.bigint().notNull(),
  supply: t.bigint().notNull(),
  /** D18 of a day */
  dailyFee: t.bigint().notNull(),
  /** D18{base/share} when the fee was last set */
  anchor: t.bigint().notNull(),
  anchorTime: t.bigint().notNull(),
  /** bp */
  mintFee: t.bigint().notNull(),
  /** whole shares */
  supplyCap: t.bigint().notNull(),
  feeReceiver: t.hex(),
  rebalancer: t.hex(),
  paused: t.boolean().notNull(),
  deprecated: t.boolean().notNull(),
  /** The staked token that gets a part of the fees, and that part in bp. */
  stakedToken: t.hex(),
  stakersPart: t.bigint(),
  methodology: t.hex(),
  /** {address[] tokens, hex parameters, nonce} of the plan as JSON */
  plan: t.json(),
  /** The terms of rebalances to come as JSON */
  terms: t.json(),
  /**
   * Sums since the beginning: shares minted and redeemed, fee shares, and what of them went to stakers and treasury.
   */
  minted: t.bigint().notNull(),
  redeemed: t.bigint().notNull(),
  fees: t.bigint().notNull(),
  toStakers: t.bigint().notNull(),
  toTreasury: t.bigint().notNull(),
}));

/** A token in a basket, also after it has left. */
export const constituent = onchainTable(
  "constituent",
  (t) => ({
    index: t.hex().notNull(),
    token: t.hex().notNull(),
    /** D27{tok/base}, as last set; a surplus that vests comes on top */
    units: t.bigint().notNull(),
    active: t.boolean().notNull(),
    addedAt: t.bigint().notNull(),
    removedAt: t.bigint(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.index, table.token] }) }),
);

export const unitsCause = onchainEnum("units_cause", ["set", "swap"]);

/** The units of a constituent over time: one row for every change. */
export const unitsChange = onchainTable(
  "units_change",
  (t) => ({
    block: t.bigint().notNull(),
    log: t.integer().notNull(),
    token: t.hex().notNull(),
    index: t.hex().notNull(),
    /** D27{tok/base} from now on */
    units: t.bigint().notNull(),
    cause: unitsCause("cause").notNull(),
    time: t.bigint().notNull(),
    transaction: t.hex().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.block, table.log, table.token] }),
    byIndex: index().on(table.index, table.token, table.time),
  }),
);

/** A surplus that vests into the units: `units` D27{tok/base} until `ends`. */
export const surplus = onchainTable(
  "surplus",
  (t) => ({
    block: t.bigint().notNull(),
    log: t.integer().notNull(),
    index: t.hex().notNull(),
    token: t.hex().notNull(),
    units: t.bigint().notNull(),
    ends: t.bigint().notNull(),
    time: t.bigint().notNull(),
    transaction: t.hex().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.block, table.log] }) }),
);

/** A loss that governance wrote off: of `owed` token-wei, `held` were there. */
export const loss = onchainTable(
  "loss",
  (t) => ({
    block: t.bigint().notNull(),
    log: t.integer().notNull(),
    index: t.hex().notNull(),
    token: t.hex().notNull(),
    held: t.bigint().notNull(),
    owed: t.bigint().notNull(),
    time: t.bigint().notNull(),
    transaction: t.hex().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.block, table.log] }) }),
);

export const period = onchainEnum("period", ["hour", "day"]);

/**
 * What the lens said of an index at the first block that was looked at in an hour, or in a UTC day. `start` is the
 * first second of that hour or day, `time` the second of the block. Prices are the oracle's at that block.
 */
export const navSample = onchainTable(
  "nav_sample",
  (t) => ({
    index: t.hex().notNull(),
    period: period("period").notNull(),
    start: t.bigint().notNull(),
    block: t.bigint().notNull(),
    time: t.bigint().notNull(),
    /** whether every constituent had a price; otherwise nav and sharePrice leave out those without */
    priced: t.boolean().notNull(),
    /** D18{USD} */
    nav: t.bigint().notNull(),
    /** D18{USD/whole share} */
    sharePrice: t.bigint().notNull(),
    totalSupply: t.bigint().notNull(),
    pendingFeeShares: t.bigint().notNull(),
    /** D27{base/share} */
    multiplier: t.bigint().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.index, table.period, table.start] }),
    byTime: index().on(table.time),
  }),
);

/** The constituents of a NAV sample. */
export const constituentSample = onchainTable(
  "constituent_sample",
  (t) => ({
    index: t.hex().notNull(),
    period: period("period").notNull(),
    start: t.bigint().notNull(),
    token: t.hex().notNull(),
    /** D27{tok/base} */
    units: t.bigint().notNull(),
    priced: t.boolean().notNull(),
    /** D18{USD/whole token} */
    price: t.bigint().notNull(),
    /** D18{USD} */
    value: t.bigint().notNull(),
    /** D18 share of the NAV */
    weight: t.bigint().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.index, table.period, table.start, table.token] }) }),
);

/** Shares against the basket. What the router mints for a buyer is here as the router's. */
export const mint = onchainTable(
  "mint",
  (t) => ({
    block: t.bigint().notNull(),
    log: t.integer().notNull(),
    index: t.hex().notNull(),
    caller: t.hex().notNull(),
    receiver: t.hex().notNull(),
    shares: t.bigint().notNull(),
    base: t.bigint().notNull(),
    time: t.bigint().notNull(),
    transaction: t.hex().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.block, table.log] }),
    byIndex: index().on(table.index, table.time),
    byReceiver: index().on(table.receiver),
  }),
);

/** The basket against shares. */
export const redemption = onchainTable(
  "redemption",
  (t) => ({
    block: t.bigint().notNull(),
    log: t.integer().notNull(),
    index: t.hex().notNull(),
    caller: t.hex().notNull(),
    receiver: t.hex().notNull(),
    owner: t.hex().notNull(),
    shares: t.bigint().notNull(),
    base: t.bigint().notNull(),
    time: t.bigint().notNull(),
    transaction: t.hex().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.block, table.log] }),
    byIndex: index().on(table.index, table.time),
    byOwner: index().on(table.owner),
  }),
);

/**
 * What a redeemer is owed of a token that could not be paid. `parts` are 2^-64 of a token-wei: `parts >> 64` is owed,
 * every loss taken off.
 */
export const basketClaim = onchainTable(
  "basket_claim",
  (t) => ({
    index: t.hex().notNull(),
    token: t.hex().notNull(),
    account: t.hex().notNull(),
    parts: t.bigint().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.index, table.token, table.account] }),
    byAccount: index().on(table.account),
  }),
);

export const side = onchainEnum("side", ["buy", "sell"]);

/** A purchase or a sale through the router. `token` is zero for ether; `amount` is what was paid, or what came out. */
export const trade = onchainTable(
  "trade",
  (t) => ({
    block: t.bigint().notNull(),
    log: t.integer().notNull(),
    side: side("side").notNull(),
    index: t.hex().notNull(),
    /** paid, or sold */
    account: t.hex().notNull(),
    receiver: t.hex().notNull(),
    token: t.hex().notNull(),
    amount: t.bigint().notNull(),
    shares: t.bigint().notNull(),
    /** of a purchase; zero for none */
    referralCode: t.hex(),
    time: t.bigint().notNull(),
    transaction: t.hex().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.block, table.log] }),
    byIndex: index().on(table.index, table.time),
    byAccount: index().on(table.account),
  }),
);

// ------------------------------------------------------------------------------------------------ rebalances
export const phase = onchainEnum("phase", ["running", "completed", "halted", "cancelled", "expired"]);

/** A rebalance. Lists are in the order of its start. */
export const rebalance = onchainTable(
  "rebalance",
  (t) => ({
    index: t.hex().notNull(),
    id: t.bigint().notNull(),
    tokens: t.hex().array().notNull(),
    /** D27{tok/base}, 0 for one that leaves */
    targets: t.bigint().array().notNull(),
    /** D27{USD/base share} at the start */
    nav: t.bigint().notNull(),
    startedAt: t.bigint().notNull(),
    /** the first second without bids */
    ends: t.bigint().notNull(),
    phase: phase("phase").notNull(),
    endedAt: t.bigint(),
    /** D27{USD/base share} that it has lost, as the contract counts: losses alone */
    cost: t.bigint().notNull(),
    bids: t.integer().notNull(),
    /** D18{USD} sold and bought, by the oracle's prices at the block of each bid */
    valueOut: t.bigint().notNull(),
    valueIn: t.bigint().notNull(),
    block: t.bigint().notNull(),
    transaction: t.hex().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.index, table.id] }),
    byTime: index().on(table.startedAt),
  }),
);

/** A bid that was filled. Values are D18{USD} by the oracle at the end of its block; null where it had no price. */
export const bid = onchainTable(
  "bid",
  (t) => ({
    block: t.bigint().notNull(),
    log: t.integer().notNull(),
    index: t.hex().notNull(),
    rebalance: t.bigint().notNull(),
    bidder: t.hex().notNull(),
    tokenOut: t.hex().notNull(),
    tokenIn: t.hex().notNull(),
    amountOut: t.bigint().notNull(),
    amountIn: t.bigint().notNull(),
    /** D27{USD/base share} that this bid added to the cost of the rebalance, as the contract counts */
    lost: t.bigint().notNull(),
    valueOut: t.bigint(),
    valueIn: t.bigint(),
    /** D18 part of `valueOut` that the index paid, 1e14 is a bp; negative where it earned */
    cost: t.bigint(),
    /** where the filler made the bid: who called it, and {tokenIn} that they took */
    filledBy: t.hex(),
    profit: t.bigint(),
    time: t.bigint().notNull(),
    transaction: t.hex().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.block, table.log] }),
    byRebalance: index().on(table.index, table.rebalance),
  }),
);
