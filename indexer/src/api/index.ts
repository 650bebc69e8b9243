/**
 * GraphQL at `POST /graphql` and SQL at `GET /sql/db`, read only. Environment, each a number: `INDEXER_RATE` requests a
 * minute of one address, `INDEXER_ROWS` of one answer, `INDEXER_COST` of one SQL query in the planner's units.
 * `INDEXER_SQL=off` leaves SQL out; `INDEXER_PROXIES` says how many proxies in front add to `X-Forwarded-For`.
 */
import { db } from "ponder:api";
import schema from "ponder:schema";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { rateLimiter } from "hono-rate-limiter";
import { client, graphql, sql } from "ponder";
import superjson from "superjson";
import { requireAllowed } from "./allowed.ts";
import { type Plan, TooMuch, isPlannable, requireCheap, rowsOf } from "./limits.ts";

const env = (name: string, unless: number) => Number(process.env[name] ?? unless);
const RATE = env("INDEXER_RATE", 300);
const ROWS = env("INDEXER_ROWS", 10_000);
const COST = env("INDEXER_COST", 100_000);
const PROXIES = env("INDEXER_PROXIES", 0);
const LARGEST_BODY = 20_000;
const TRIES = 20;

/** The caller's address. A header counts only as far as proxies of our own have written it. */
function caller(c: Context): string {
  const hops = (c.req.header("x-forwarded-for") ?? "").split(",").map((hop) => hop.trim());
  const told = PROXIES > 0 ? hops.at(-PROXIES) : undefined;
  return told || (c.env?.incoming?.socket?.remoteAddress ?? "");
}

const app = new Hono();
app.use(rateLimiter({ windowMs: 60_000, limit: RATE, standardHeaders: "draft-6", keyGenerator: caller }));
app.use(bodyLimit({ maxSize: LARGEST_BODY, onError: (c) => c.text("the request is too large", 413) }));

app.use("/graphql", async (c, next) => {
  if (c.req.method !== "POST") return c.text("POST a query", 405);
  const { query, variables } = (await c.req.raw
    .clone()
    .json()
    .catch(() => ({}))) as { query?: unknown; variables?: Record<string, unknown> };
  if (typeof query !== "string") return c.json({ errors: [{ message: "a query is missing" }] }, 400);
  let rows: number;
  try {
    rows = rowsOf(query, variables ?? {});
  } catch (error) {
    return c.json({ errors: [{ message: (error as Error).message }] }, 400);
  }
  if (rows > ROWS) {
    return c.json({ errors: [{ message: `up to ${rows} rows are asked for, and ${ROWS} are allowed` }] }, 400);
  }
  return next();
});
app.post(
  "/graphql",
  graphql({ db, schema }, { maxOperationDepth: 7, maxOperationTokens: 1_000, maxOperationAliases: 30 }),
);

/** The embedded database begins with every way of scanning and joining forbidden, so its estimates say nothing. */
const WAYS = ["seqscan", "indexscan", "indexonlyscan", "bitmapscan", "tidscan", "nestloop", "mergejoin", "hashjoin"];
const sensible =
  process.env.DATABASE_URL === undefined
    ? db.execute(sql.raw(`SELECT ${WAYS.map((way) => `set_config('enable_${way}', 'on', false)`).join(", ")}`))
    : Promise.resolve();

let turn: Promise<unknown> = Promise.resolve();

/**
 * The embedded database has one session. While it indexes, the engine makes temporary tables there that hide ours by
 * their names. So SQL runs in turns, between two looks: none of them is there before, and none afterwards.
 */
function unhidden<T>(work: () => Promise<T>): Promise<T> {
  if (process.env.DATABASE_URL !== undefined) return work();
  const mine = turn.then(async () => {
    for (let left = TRIES; left > 0; --left) {
      await db.execute(sql.raw("DISCARD TEMP"));
      const found = await work();
      const { rows } = await db.execute(sql.raw("SELECT 1 FROM pg_class WHERE relpersistence = 't' LIMIT 1"));
      if (rows.length === 0) return found;
    }
    throw new Error("many rows are being written: ask again");
  });
  turn = mine.catch(() => undefined);
  return mine;
}

/** What the database expects of a query. Planning runs nothing. */
async function planOf(query: { sql: string; params: unknown[]; typings?: unknown[] }): Promise<Plan> {
  await sensible;
  const session = (db as any)._.session;
  const prepared = session.prepareQuery(
    { ...query, sql: `EXPLAIN (FORMAT JSON) ${query.sql}` },
    undefined,
    undefined,
    false,
  );
  const { rows } = await prepared.execute();
  const [explained] = Object.values(rows[0]) as [string | { Plan: Plan }[]];
  return (typeof explained === "string" ? JSON.parse(explained) : explained)[0].Plan;
}

if (process.env.INDEXER_SQL !== "off") {
  const run = client({ db, schema });
  app.get("/sql/db", async (c, next) => {
    try {
      const query = superjson.parse(c.req.query("sql") ?? "") as { sql: string; params: unknown[] };
      if (typeof query.sql !== "string" || !isPlannable(query.sql)) return c.text("only a SELECT can be asked", 400);
      await requireAllowed(query.sql);
      return await unhidden(async () => {
        requireCheap(await planOf(query), { cost: COST, rows: ROWS });
        return run(c, next);
      });
    } catch (error) {
      return c.text((error as Error).message, error instanceof TooMuch ? 403 : 400);
    }
  });
}

export default app;
