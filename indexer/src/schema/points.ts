/** Positions over time, and the points that follow from them. Units and names: `ponder.schema.ts`. */
import { index, onchainEnum, onchainTable, primaryKey } from "ponder";

// ------------------------------------------------------------------------------------------------ positions over time
export const sourceKind = onchainEnum("source_kind", ["index", "staked", "pool"]);

/** What points can come from: an index, a staked token (of an index or of SOSO), a pool of the locker. */
export const source = onchainTable("source", (t) => ({
  address: t.hex().primaryKey(),
  kind: sourceKind("kind").notNull(),
  /** of the tokens; null for a pool */
  symbol: t.text(),
  /** From then on a pool counts nothing, even where positions say more: integrals end there. */
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
 * change, none for others. Amount-seconds of epoch `e`, which ended at `n`: with a row, `seconds + closing · (n −
 * last)`; without, the `closing` of the latest row before, times the length of the epoch; without any row, 0.
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

/** An epoch: the running one, those before it that were looked at, and the next where its pot was funded. */
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
  /** the registry whose referrals count, as settled; null before, and where none do */
  referrals: t.hex(),
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
 * The leaderboard: D18{point} before referrals of all accounts that joined and have some, at `epoch.standingAt`. That
 * is the last sample of the epoch (one a day) while it is running; its end as soon as it is over. Final with the epoch.
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
    byPoints: index().on(table.epoch, table.points),
  }),
);

/** A pot: token-wei ever put in, and taken out; `recorders` is the part of what was put in that is for recorders. */
export const pot = onchainTable(
  "pot",
  (t) => ({
    epoch: t.integer().notNull(),
    token: t.hex().notNull(),
    funded: t.bigint().notNull(),
    paid: t.bigint().notNull(),
    recorders: t.bigint().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.epoch, table.token] }) }),
);

/** D18{point} by which the records of an account raised the sum of all totals of an epoch: pots pay recorders by it. */
export const recorder = onchainTable(
  "recorder",
  (t) => ({
    epoch: t.integer().notNull(),
    account: t.hex().notNull(),
    points: t.bigint().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.account, table.epoch] }) }),
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
