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
export * from "./src/schema/accounts.ts";
export * from "./src/schema/indexes.ts";
export * from "./src/schema/points.ts";
export * from "./src/schema/relations.ts";
export * from "./src/schema/staking.ts";
