/** Which SQL may be shown to the database at all. */
import { randomBytes } from "node:crypto";
// @ts-expect-error Ponder exports neither its check nor the check's types.
import { validateAllowableSQLQuery } from "../../node_modules/ponder/dist/esm/utils/sql-parse.js";

const REMEMBERED = 1_000;
const allowed = new Set<string>();

/**
 * Throws unless a text is one SELECT of the syntax and the functions that Ponder allows.
 *
 * Ponder remembers what it has said of a text under 40 bits of a hash. Two texts with the same 40 bits are found within
 * seconds: an allowed one would let the other one through, and the embedded database would run it, whether it reads or
 * writes. So Ponder is asked under a hash that no caller can know, and what it said is remembered by the whole text.
 * That happens before the planner sees the text, because the planner runs functions of constants.
 */
export async function requireAllowed(sql: string): Promise<void> {
  if (allowed.has(sql)) return;
  await validateAllowableSQLQuery(`/*${randomBytes(8).toString("hex")}*/${sql}`);
  if (allowed.size >= REMEMBERED) allowed.clear();
  allowed.add(sql);
}
