/**
 * What the indexer knows. Every export is a table, a GraphQL type of the same name, and two GraphQL queries: one row by
 * its primary key (`position(source: …, account: …)`) and a page of rows (`positions(where: …, orderBy: …, limit: …)`).
 * Columns have the name in GraphQL that they have here; in SQL both are in snake_case (`position_epoch.closing`).
 *
 * Units: amounts are integers in the token's smallest unit; `D18` and `D27` are fixed point; times are Unix seconds.
 * All of these are `bigint` here, `numeric(78)` in SQL and strings in GraphQL. Addresses, codes and hashes are hex in
 * lower case. Events are known by `block` and `log`, the place of their log in the block; they carry the `time` of
 * their block and their `transaction`.
 */
import { index, onchainEnum, onchainTable, primaryKey, relations } from "ponder";

// ------------------------------------------------------------------------------------------------ indexes

/** An index token. `base` is in base shares, what all shares stand for; `supply` counts the shares that accounts hold. */
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
  /** Sums since the beginning: shares minted and redeemed, fee shares, and what of them went to stakers and treasury. */
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

export const unitsCause = onchainEnum("units_cause", ["set", "swap", "removed"]);

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
 * What the lens said of an index at the first block that was looked at in an hour, or in a UTC day. `start` is the first
 * second of that hour or day, `time` the second of the block. Prices are the oracle's at that block.
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

// ------------------------------------------------------------------------------------------------ fees and staking

/** Fee shares that an index issued. */
export const feeCollection = onchainTable(
  "fee_collection",
  (t) => ({
    block: t.bigint().notNull(),
    log: t.integer().notNull(),
    index: t.hex().notNull(),
    receiver: t.hex().notNull(),
    shares: t.bigint().notNull(),
    time: t.bigint().notNull(),
    transaction: t.hex().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.block, table.log] }),
    byIndex: index().on(table.index, table.time),
  }),
);

/** Fee shares that were split between stakers and treasury. `day` counts UTC days since 1970. */
export const distribution = onchainTable(
  "distribution",
  (t) => ({
    block: t.bigint().notNull(),
    log: t.integer().notNull(),
    index: t.hex().notNull(),
    caller: t.hex().notNull(),
    day: t.bigint().notNull(),
    toStakers: t.bigint().notNull(),
    toTreasury: t.bigint().notNull(),
    time: t.bigint().notNull(),
    transaction: t.hex().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.block, table.log] }),
    byIndex: index().on(table.index, table.time),
  }),
);

/** A staked token: of an index, or of SOSO. */
export const stakedToken = onchainTable("staked_token", (t) => ({
  address: t.hex().primaryKey(),
  symbol: t.text().notNull(),
  asset: t.hex().notNull(),
  /** {share} that accounts hold */
  supply: t.bigint().notNull(),
  /** seconds */
  cooldown: t.bigint().notNull(),
  /** {asset} of rewards since the beginning */
  rewards: t.bigint().notNull(),
}));

/** Rewards that came into a staked token. */
export const reward = onchainTable(
  "reward",
  (t) => ({
    block: t.bigint().notNull(),
    log: t.integer().notNull(),
    staked: t.hex().notNull(),
    caller: t.hex().notNull(),
    assets: t.bigint().notNull(),
    unvested: t.bigint().notNull(),
    duration: t.bigint().notNull(),
    time: t.bigint().notNull(),
    transaction: t.hex().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.block, table.log] }),
    byStaked: index().on(table.staked, table.time),
  }),
);

/** What a staked share was worth, at the blocks of the NAV samples. */
export const rateSample = onchainTable(
  "rate_sample",
  (t) => ({
    staked: t.hex().notNull(),
    period: period("period").notNull(),
    start: t.bigint().notNull(),
    block: t.bigint().notNull(),
    time: t.bigint().notNull(),
    /** D18{asset/share} */
    rate: t.bigint().notNull(),
    totalAssets: t.bigint().notNull(),
    totalSupply: t.bigint().notNull(),
    /** D18 a year, at the pace of the running rewards */
    currentApr: t.bigint().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.staked, table.period, table.start] }) }),
);

export const stakingAction = onchainEnum("staking_action", ["deposit", "request", "cancel", "withdraw"]);

/** What was done with a staked token. `assets` of a request are those that it fixed. */
export const stakingEvent = onchainTable(
  "staking_event",
  (t) => ({
    block: t.bigint().notNull(),
    log: t.integer().notNull(),
    action: stakingAction("action").notNull(),
    staked: t.hex().notNull(),
    /** the owner of a deposit, else the controller */
    account: t.hex().notNull(),
    caller: t.hex().notNull(),
    assets: t.bigint().notNull(),
    shares: t.bigint().notNull(),
    time: t.bigint().notNull(),
    transaction: t.hex().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.block, table.log] }),
    byAccount: index().on(table.account),
    byStaked: index().on(table.staked, table.time),
  }),
);

/**
 * What an account has on its way out of a staked token, as the contract keeps it. The running request has matured when
 * `startedAt + min(cooldown, stakedToken.cooldown)` has passed; then it can be claimed with what is parked.
 */
export const exit = onchainTable(
  "exit",
  (t) => ({
    staked: t.hex().notNull(),
    account: t.hex().notNull(),
    assets: t.bigint().notNull(),
    shares: t.bigint().notNull(),
    startedAt: t.bigint().notNull(),
    cooldown: t.bigint().notNull(),
    parkedAssets: t.bigint().notNull(),
    parkedShares: t.bigint().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.staked, table.account] }),
    byAccount: index().on(table.account),
  }),
);

// ------------------------------------------------------------------------------------------------ positions over time

export const sourceKind = onchainEnum("source_kind", ["index", "staked", "pool"]);

/** What points can come from: an index, a staked token (of an index or of SOSO), a pool of the locker. */
export const source = onchainTable("source", (t) => ({
  address: t.hex().primaryKey(),
  kind: sourceKind("kind").notNull(),
  /** of the tokens; null for a pool */
  symbol: t.text(),
  /** From then on a pool counts nothing, whatever positions say: integrals end there. */
  removedAt: t.bigint(),
}));

/**
 * The balance of an account in a source now, and its integral in the epoch of its last change. The account zero has the
 * issued supply of a token. Balances of pools are liquidity.
 *
 * Amount-seconds of `epoch` until `t`, within it: `seconds + balance · (t − since)`. In a later epoch that began at `s`
 * without a change: `balance · (t − s)`. Of epochs before, `positionEpoch` tells. All exact.
 */
export const position = onchainTable(
  "position",
  (t) => ({
    source: t.hex().notNull(),
    account: t.hex().notNull(),
    balance: t.bigint().notNull(),
    /** time of the last change */
    since: t.bigint().notNull(),
    /** the epoch of `since` */
    epoch: t.integer().notNull(),
    /** balance-seconds from the start of `epoch` until `since` */
    seconds: t.bigint().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.source, table.account] }),
    byAccount: index().on(table.account),
    bySize: index().on(table.source, table.balance),
  }),
);

/**
 * The same at the end of every epoch in which the balance changed, the last one included: a row for an epoch with a
 * change, none for others. Amount-seconds of epoch `e`, which ended at `n`: with a row, `seconds + closing · (n − last)`;
 * without, the `closing` of the latest row before, times the length of the epoch; without any row, 0.
 */
export const positionEpoch = onchainTable(
  "position_epoch",
  (t) => ({
    source: t.hex().notNull(),
    account: t.hex().notNull(),
    epoch: t.integer().notNull(),
    /** balance-seconds from the start of the epoch until `last` */
    seconds: t.bigint().notNull(),
    /** the balance after the last change in the epoch */
    closing: t.bigint().notNull(),
    last: t.bigint().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.account, table.source, table.epoch] }),
  }),
);

/** A pool of the locker. `kind` is 1 for Uniswap v2, 2 for v3. */
export const pool = onchainTable("pool", (t) => ({
  address: t.hex().primaryKey(),
  kind: t.integer().notNull(),
  token0: t.hex().notNull(),
  token1: t.hex().notNull(),
  addedAt: t.bigint().notNull(),
  removedAt: t.bigint(),
}));

/** A position of Uniswap v3 that is, or was, in the locker. `maturesAt` is 0 while it is locked. */
export const lock = onchainTable(
  "lock",
  (t) => ({
    tokenId: t.bigint().primaryKey(),
    owner: t.hex().notNull(),
    pool: t.hex().notNull(),
    liquidity: t.bigint().notNull(),
    lockedAt: t.bigint().notNull(),
    maturesAt: t.bigint().notNull(),
    /** when it left; null while it is here */
    unlockedAt: t.bigint(),
  }),
  (table) => ({ byOwner: index().on(table.owner) }),
);

/** LP tokens of Uniswap v2 in the locker, as the contract keeps them. Their liquidity is the balance in `position`. */
export const lpStake = onchainTable(
  "lp_stake",
  (t) => ({
    owner: t.hex().notNull(),
    pool: t.hex().notNull(),
    locked: t.bigint().notNull(),
    matured: t.bigint().notNull(),
    cooling: t.bigint().notNull(),
    coolingLiquidity: t.bigint().notNull(),
    maturesAt: t.bigint().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.owner, table.pool] }) }),
);

// ------------------------------------------------------------------------------------------------ points

/** An account of the points programme: who joined, or was bound to a referrer. */
export const account = onchainTable(
  "account",
  (t) => ({
    address: t.hex().primaryKey(),
    joinedAt: t.bigint(),
    referrer: t.hex(),
    boundAt: t.bigint(),
    referralCode: t.hex(),
    /** how many accounts name this one as their referrer */
    referees: t.integer().notNull(),
  }),
  (table) => ({ byReferrer: index().on(table.referrer), byJoined: index().on(table.joinedAt) }),
);

/** A referral code and the account that registered it. `rank` is the registry's. */
export const referralCode = onchainTable(
  "referral_code",
  (t) => ({
    code: t.hex().primaryKey(),
    owner: t.hex().notNull(),
    rank: t.bigint().notNull(),
    time: t.bigint().notNull(),
  }),
  (table) => ({ byOwner: index().on(table.owner) }),
);

/** An epoch that has been seen: by a sample of prices, a fund, a record. */
export const epoch = onchainTable("epoch", (t) => ({
  number: t.integer().primaryKey(),
  start: t.bigint().notNull(),
  ends: t.bigint().notNull(),
  samples: t.integer().notNull(),
  settled: t.boolean().notNull(),
  /** how many accounts were recorded, and D18{point} of all of them with bonuses */
  recorded: t.integer().notNull(),
  totalRecorded: t.bigint().notNull(),
  /** the block time that `standing` of this epoch is of; null before the first */
  standingAt: t.bigint(),
}));

/** A sample of all prices, and how many were missing. A second sample of a slot replaces the first. */
export const slot = onchainTable(
  "slot",
  (t) => ({
    epoch: t.integer().notNull(),
    slot: t.integer().notNull(),
    missing: t.integer().notNull(),
    time: t.bigint().notNull(),
    block: t.bigint().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.epoch, table.slot] }) }),
);

/** The price of a token in a slot, D18 dollars per 10^18 token-wei; 0 where it had none. */
export const priceSample = onchainTable(
  "price_sample",
  (t) => ({
    epoch: t.integer().notNull(),
    slot: t.integer().notNull(),
    token: t.hex().notNull(),
    price: t.bigint().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.epoch, table.slot, table.token] }) }),
);

export const positionClass = onchainEnum("position_class", ["held", "staked", "locked", "soso"]);

/**
 * The sheet of an epoch: what each source counts at, D18 dollars per 10^18 token-wei, and as what. Written at every
 * sample as the contract derives it then, for the last time when the epoch is settled.
 */
export const referencePrice = onchainTable(
  "reference_price",
  (t) => ({
    epoch: t.integer().notNull(),
    source: t.hex().notNull(),
    class: positionClass("class").notNull(),
    price: t.bigint().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.epoch, table.source] }) }),
);

/**
 * The leaderboard: D18{point} before referrals of everybody who joined and has some, at `epoch.standingAt`. That is the
 * last sample of the epoch (one a day) while it is running; its end as soon as it is over. Final with the epoch.
 * `rank` counts from 1, most points first, equal points by address. Values are D18{USD s} by class.
 */
export const standing = onchainTable(
  "standing",
  (t) => ({
    epoch: t.integer().notNull(),
    account: t.hex().notNull(),
    points: t.bigint().notNull(),
    rank: t.integer().notNull(),
    held: t.bigint().notNull(),
    staked: t.bigint().notNull(),
    locked: t.bigint().notNull(),
    soso: t.bigint().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.account, table.epoch] }),
    byRank: index().on(table.epoch, table.rank),
  }),
);

/**
 * Points that were written down, D18. `points` before referrals (0 for a referrer who is not recorded yet), `credit` of
 * all referees, `total` with the bonuses, as `recordedPoints` answers.
 */
export const record = onchainTable(
  "record",
  (t) => ({
    epoch: t.integer().notNull(),
    account: t.hex().notNull(),
    points: t.bigint().notNull(),
    credit: t.bigint().notNull(),
    /** bound to a referrer before the epoch ended */
    referred: t.boolean().notNull(),
    total: t.bigint().notNull(),
    recordedAt: t.bigint(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.account, table.epoch] }),
    bySize: index().on(table.epoch, table.total),
  }),
);

/** A pot: token-wei ever put in, and taken out. */
export const pot = onchainTable(
  "pot",
  (t) => ({
    epoch: t.integer().notNull(),
    token: t.hex().notNull(),
    funded: t.bigint().notNull(),
    paid: t.bigint().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.epoch, table.token] }) }),
);

export const potAction = onchainEnum("pot_action", ["fund", "claim", "roll"]);

/** What moved in or out of a pot. A roll-over has two rows: `fromEpoch` pays, `epoch` gets. */
export const potEvent = onchainTable(
  "pot_event",
  (t) => ({
    block: t.bigint().notNull(),
    log: t.integer().notNull(),
    action: potAction("action").notNull(),
    epoch: t.integer().notNull(),
    token: t.hex().notNull(),
    /** the funder or the claimant; null for a roll-over */
    account: t.hex(),
    amount: t.bigint().notNull(),
    /** of a roll-over: the old pot's epoch */
    fromEpoch: t.integer(),
    time: t.bigint().notNull(),
    transaction: t.hex().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.block, table.log] }),
    byPot: index().on(table.epoch, table.token),
    byAccount: index().on(table.account),
  }),
);

/** What an account has claimed of a pot, all together. */
export const potClaim = onchainTable(
  "pot_claim",
  (t) => ({
    account: t.hex().notNull(),
    epoch: t.integer().notNull(),
    token: t.hex().notNull(),
    amount: t.bigint().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.account, table.epoch, table.token] }) }),
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

// ------------------------------------------------------------------------------------------------ governance

export const operationStatus = onchainEnum("operation_status", ["scheduled", "executed", "cancelled"]);

/** A call that the manager was told to wait for. The same call may be scheduled again: then with the next nonce. */
export const operation = onchainTable(
  "operation",
  (t) => ({
    id: t.hex().notNull(),
    nonce: t.integer().notNull(),
    status: operationStatus("status").notNull(),
    caller: t.hex().notNull(),
    target: t.hex().notNull(),
    data: t.hex().notNull(),
    /** the target's name in the record of the deployment; null for another contract */
    contract: t.text(),
    /** name of the function; null where no interface of the deployment has it */
    function: t.text(),
    /** arguments by name as JSON, integers as strings */
    arguments: t.json(),
    scheduledAt: t.bigint().notNull(),
    /** from then on it can be executed */
    readyAt: t.bigint().notNull(),
    executedAt: t.bigint(),
    cancelledAt: t.bigint(),
    /** of the scheduling */
    block: t.bigint().notNull(),
    log: t.integer().notNull(),
    transaction: t.hex().notNull(),
    /** of the execution or the cancellation */
    endTransaction: t.hex(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.id, table.nonce] }),
    byStatus: index().on(table.status),
    byTime: index().on(table.block, table.log),
  }),
);

// ------------------------------------------------------------------------------------------------ accounts

/**
 * Everything that an account did, oldest first by `block` and `log`: the events that `ape run history` shows, with their
 * arguments by name as JSON (integers as strings).
 */
export const happening = onchainTable(
  "happening",
  (t) => ({
    block: t.bigint().notNull(),
    log: t.integer().notNull(),
    account: t.hex().notNull(),
    /** the contract's name in the record of the deployment, such as "MAG7.ssi", "sMAG7.ssi" or "IndexRouter" */
    contract: t.text().notNull(),
    event: t.text().notNull(),
    values: t.json().notNull(),
    time: t.bigint().notNull(),
    transaction: t.hex().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.block, table.log] }),
    byAccount: index().on(table.account, table.block, table.log),
  }),
);

// ------------------------------------------------------------------------------------------------ relations in GraphQL

export const indexTokenRelations = relations(indexToken, ({ many }) => ({
  constituents: many(constituent),
  navSamples: many(navSample),
  rebalances: many(rebalance),
}));
export const constituentRelations = relations(constituent, ({ one }) => ({
  of: one(indexToken, { fields: [constituent.index], references: [indexToken.address] }),
}));
export const navSampleRelations = relations(navSample, ({ one, many }) => ({
  of: one(indexToken, { fields: [navSample.index], references: [indexToken.address] }),
  constituents: many(constituentSample),
}));
export const constituentSampleRelations = relations(constituentSample, ({ one }) => ({
  of: one(navSample, {
    fields: [constituentSample.index, constituentSample.period, constituentSample.start],
    references: [navSample.index, navSample.period, navSample.start],
  }),
}));
export const rebalanceRelations = relations(rebalance, ({ one, many }) => ({
  of: one(indexToken, { fields: [rebalance.index], references: [indexToken.address] }),
  filled: many(bid),
}));
export const bidRelations = relations(bid, ({ one }) => ({
  of: one(rebalance, { fields: [bid.index, bid.rebalance], references: [rebalance.index, rebalance.id] }),
}));
export const accountRelations = relations(account, ({ many }) => ({
  positions: many(position),
  positionEpochs: many(positionEpoch),
  standings: many(standing),
  records: many(record),
  claims: many(potClaim),
}));
export const positionRelations = relations(position, ({ one }) => ({
  of: one(account, { fields: [position.account], references: [account.address] }),
  from: one(source, { fields: [position.source], references: [source.address] }),
}));
export const positionEpochRelations = relations(positionEpoch, ({ one }) => ({
  of: one(account, { fields: [positionEpoch.account], references: [account.address] }),
}));
export const standingRelations = relations(standing, ({ one }) => ({
  of: one(account, { fields: [standing.account], references: [account.address] }),
  record: one(record, {
    fields: [standing.account, standing.epoch],
    references: [record.account, record.epoch],
  }),
}));
export const recordRelations = relations(record, ({ one }) => ({
  of: one(account, { fields: [record.account], references: [account.address] }),
}));
export const potClaimRelations = relations(potClaim, ({ one }) => ({
  of: one(account, { fields: [potClaim.account], references: [account.address] }),
}));
export const epochRelations = relations(epoch, ({ many }) => ({
  prices: many(referencePrice),
  pots: many(pot),
}));
export const referencePriceRelations = relations(referencePrice, ({ one }) => ({
  of: one(epoch, { fields: [referencePrice.epoch], references: [epoch.number] }),
}));
export const potRelations = relations(pot, ({ one }) => ({
  of: one(epoch, { fields: [pot.epoch], references: [epoch.number] }),
}));
