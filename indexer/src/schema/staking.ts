/** Fees, and the staked tokens that get them. Units and names: `ponder.schema.ts`. */
import { index, onchainEnum, onchainTable, primaryKey } from "ponder";
import { period } from "./indexes.ts";

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
