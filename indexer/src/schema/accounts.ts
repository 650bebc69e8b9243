/** What governance has scheduled, and what accounts did. Units and names: `ponder.schema.ts`. */
import { index, onchainEnum, onchainTable, primaryKey } from "ponder";

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
 * Everything that an account did, oldest first by `block` and `log`: the events that `ape run history` shows, with
 * their arguments by name as JSON (integers as strings).
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

/**
 * Where the block handler is, one row with the id 0: the last block that it looked at, the hour and the UTC day of the
 * last NAV sample (counted since 1970), and the first epoch whose standing is not final.
 */
export const clock = onchainTable("clock", (t) => ({
  id: t.integer().primaryKey(),
  block: t.bigint().notNull(),
  time: t.bigint().notNull(),
  hour: t.integer().notNull(),
  day: t.integer().notNull(),
  epoch: t.integer().notNull(),
}));
