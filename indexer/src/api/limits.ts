/**
 * How much one caller may ask: of GraphQL by rows, of SQL by what the database expects. Ponder itself bounds the rest.
 */
import { type DocumentNode, type FragmentDefinitionNode, type SelectionSetNode, parse } from "graphql";

/** Rows that a GraphQL page brings unless told, and at most; Ponder's own. */
const PAGE = 50;
const LARGEST_PAGE = 1_000;
const DEEPEST = 20;
/** Sets of fields that an operation may have, each counted as often as it is spread; the tokens allow fewer. */
const LARGEST_WALK = 10_000;

export class TooMuch extends Error {}

/**
 * The most rows that a GraphQL operation can bring: pages within pages multiply. A page is what has `items`; its size
 * is the argument `limit`, a number or a variable.
 */
export function rowsOf(query: string, variables: Record<string, unknown> = {}): number {
  const document: DocumentNode = parse(query, { maxTokens: 2_000 });
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const part of document.definitions) if (part.kind === "FragmentDefinition") fragments.set(part.name.value, part);

  // A fragment that spreads another one forty times, twenty times over, is short to write and long to walk through.
  let left = LARGEST_WALK;

  function within(set: SelectionSetNode | undefined, depth: number): number {
    if (depth > DEEPEST) throw new TooMuch("the operation is too deep");
    if (--left < 0) throw new TooMuch("the operation has too many fields");
    let rows = 0;
    for (const part of set?.selections ?? []) {
      if (part.kind === "InlineFragment") rows += within(part.selectionSet, depth + 1);
      else if (part.kind === "FragmentSpread") rows += within(fragments.get(part.name.value)?.selectionSet, depth + 1);
      else if (part.selectionSet !== undefined) {
        const paged = part.selectionSet.selections.some((one) => one.kind !== "Field" || one.name.value === "items");
        const limit = part.arguments?.find((argument) => argument.name.value === "limit")?.value;
        let size = paged ? PAGE : 1;
        if (limit?.kind === "IntValue") size = Number(limit.value);
        if (limit?.kind === "Variable") size = Number(variables[limit.name.value] ?? LARGEST_PAGE);
        size = Number.isFinite(size) ? Math.min(Math.max(size, 1), LARGEST_PAGE) : LARGEST_PAGE;
        const inner = within(part.selectionSet, depth + 1);
        rows += size * Math.max(1, inner);
      }
    }
    return rows;
  }

  let rows = 0;
  for (const part of document.definitions) {
    if (part.kind === "OperationDefinition") rows += within(part.selectionSet, 0);
  }
  return rows;
}

/** Functions that the planner might run, and that Ponder refuses afterwards anyway. */
const FORBIDDEN = /\b(pg_|lo_|dblink|set_config|current_setting|query_to_xml|database_to_xml)/i;

/**
 * Whether a text may be shown to the planner: one SELECT without functions of the server. A semicolon would begin a
 * statement that is run and not planned.
 */
export const isPlannable = (sql: string) =>
  /^\s*(select|with)\b/i.test(sql) && !sql.includes(";") && !FORBIDDEN.test(sql);

export type Plan = { "Total Cost": number; "Plan Rows": number };

/** Throws where the database expects more work or more rows than allowed. */
export function requireCheap(plan: Plan, most: { cost: number; rows: number }): void {
  if (plan["Total Cost"] > most.cost) {
    throw new TooMuch(`the query would cost ${Math.round(plan["Total Cost"])}, and ${most.cost} are allowed`);
  }
  if (plan["Plan Rows"] > most.rows) {
    throw new TooMuch(`about ${plan["Plan Rows"]} rows are expected, and ${most.rows} are allowed: add a LIMIT`);
  }
}
