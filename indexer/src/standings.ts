/** What all accounts have in an epoch: reference prices, and the leaderboard that follows from them. */
import { eq, sql } from "ponder";
import type { Context } from "ponder:registry";
import { account, epoch, position, positionEpoch, referencePrice, source, standing } from "ponder:schema";
import { referencePricesAbi } from "../abis.ts";
import { BOOST, DAY, HELD, LOCKED, STAKED, WAD, ZERO } from "../constants.ts";
import { read } from "./reading.ts";
import { type Hex, contract, lower, startOf } from "./settings.ts";

type Item = { token: Hex; price: bigint };
export type Sheet = {
  held: readonly Item[];
  staked: readonly Item[];
  locked: readonly Item[];
  soso: Item;
};

/** A number as part of a statement, where a parameter would have no type. */
const figure = (value: number | bigint) => sql.raw(String(value));

/** The row of an epoch, made where it is missing. */
export async function begin(context: Context, number: number): Promise<void> {
  await context.db
    .insert(epoch)
    .values({
      number,
      start: startOf(number),
      ends: startOf(number + 1),
      samples: 0,
      settled: false,
      recorded: 0,
      totalRecorded: 0n,
    }) // prettier-ignore
    .onConflictDoNothing();
}

/** Keeps the prices of an epoch. A token without a place in the sheet has the zero address there. */
export async function writeSheet(context: Context, number: number, sheet: Sheet): Promise<void> {
  const classes = { held: sheet.held, staked: sheet.staked, locked: sheet.locked, soso: [sheet.soso] } as const;
  for (const [name, items] of Object.entries(classes)) {
    for (const { token, price } of items) {
      if (token === ZERO) continue;
      const row = { class: name as keyof typeof classes, price };
      await context.db
        .insert(referencePrice)
        .values({ epoch: number, source: lower(token), ...row })
        .onConflictDoUpdate(row);
    }
  }
}

/**
 * Asks the contract for the prices of an epoch as it derives them at the end of this block, and keeps them. False where
 * it cannot be asked.
 */
export async function readSheet(context: Context, block: { hash: Hex }, number: number): Promise<boolean> {
  const sheet = await read(context, block, contract("ReferencePrices"), referencePricesAbi, "sheetOf", [
    BigInt(number),
  ]);
  if (sheet !== undefined) await writeSheet(context, number, sheet);
  return sheet !== undefined;
}

/**
 * Works out points in an epoch until `until`, in the database, and ranks them: of all accounts that joined before its
 * end. In integers and rounded as the contract rounds: each value down, and the sum of all down once.
 */
export async function stand(context: Context, number: number, until: bigint): Promise<void> {
  const start = startOf(number);
  const end = startOf(number + 1);
  const now = until < end ? until : end;
  await context.db.sql.delete(standing).where(eq(standing.epoch, number));
  await context.db.sql.execute(sql`
    INSERT INTO ${standing} (epoch, account, points, rank, held, staked, locked, soso)
    WITH price AS MATERIALIZED (
      SELECT r.source, r.class::text AS class, r.price,
        LEAST(${now}::numeric, COALESCE(s.removed_at, ${now}::numeric)) AS until
      FROM ${referencePrice} r JOIN ${source} s ON s.address = r.source
      WHERE r.epoch = ${number} AND r.price > 0
    ), amount AS (
      SELECT p.account, price.class, price.price, CASE
        WHEN p.epoch = ${number} THEN p.seconds + p.balance * (price.until - p.since)
        WHEN p.epoch < ${number} THEN p.balance * GREATEST(price.until - ${start}::numeric, 0)
        ELSE COALESCE((
          SELECT CASE
            WHEN e.epoch = ${number} THEN e.seconds + e.closing * (price.until - e.last)
            ELSE e.closing * GREATEST(price.until - ${start}::numeric, 0) END
          FROM ${positionEpoch} e
          WHERE e.account = p.account AND e.source = p.source AND e.epoch <= ${number}
          ORDER BY e.epoch DESC LIMIT 1), 0) END AS seconds
      FROM ${position} p
      JOIN price ON price.source = p.source
      JOIN ${account} a ON a.address = p.account AND a.joined_at < ${end}::numeric
    ), value AS (
      SELECT account, class, div(seconds * price, ${figure(WAD)}) AS value FROM amount
    ), classes AS (
      SELECT account,
        COALESCE(SUM(value) FILTER (WHERE class = 'held'), 0) AS held,
        COALESCE(SUM(value) FILTER (WHERE class = 'staked'), 0) AS staked,
        COALESCE(SUM(value) FILTER (WHERE class = 'locked'), 0) AS locked,
        COALESCE(SUM(value) FILTER (WHERE class = 'soso'), 0) AS soso
      FROM value GROUP BY account
    ), lifted AS (
      SELECT *, LEAST(locked, soso) AS x_locked,
        LEAST(staked, soso - LEAST(locked, soso)) AS x_staked,
        LEAST(held, GREATEST(soso - locked - staked, 0)) AS x_held
      FROM classes
    ), scored AS (
      SELECT *, div(${figure(HELD)} * (held + ${figure(BOOST)} * x_held)
        + ${figure(STAKED)} * (staked + ${figure(BOOST)} * x_staked)
        + ${figure(LOCKED)} * (locked + ${figure(BOOST)} * x_locked), ${figure(DAY)}) AS points
      FROM lifted
    )
    SELECT ${number}, account, points, ROW_NUMBER() OVER (ORDER BY points DESC, account), held, staked, locked, soso
    FROM scored WHERE points > 0`);
  await context.db.update(epoch, { number }).set({ standingAt: now });
}
