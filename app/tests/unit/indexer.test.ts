import { afterEach, describe, expect, it, vi } from "vitest";

import { chooseIndexer, type Config, indexerUrl } from "../../src/chain/config";
import { ask, BEHIND, introduced, refusal, type Said } from "../../src/data/indexer";
import { potsFrom, samplesFrom } from "../../src/data/past";

const URL_ = "https://indexer.example";
const INDEX = "0x00000000000000000000000000000000000000AA";
const VAULT = "0x00000000000000000000000000000000000000bb";

/** Answers by path. */
function answers(by: Record<string, [number, unknown]>) {
  const fetched = vi.fn((url: string) => {
    const [status, body] = by[new URL(url).pathname]!;
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  });
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

afterEach(() => vi.unstubAllGlobals());

describe("an indexer", () => {
  const status = { main: { id: 1, block: { number: 77, timestamp: 1_000 } } };
  const sources = {
    data: {
      sources: {
        items: [
          { address: INDEX, kind: "index" },
          { address: VAULT, kind: "staked" },
          { address: URL_, kind: "pool" },
        ],
      },
    },
  };
  const said: Said = { chainId: 1, block: 77n, time: 1_000n, tokens: [INDEX.toLowerCase(), VAULT.toLowerCase()] };
  const config = { chainId: 1, indexes: { "MAG7.ssi": INDEX }, staked: { "MAG7.ssi": VAULT } } as const;

  it("says where it stands, and what it follows", async () => {
    answers({ "/ready": [200, ""], "/status": [200, status], "/graphql": [200, sources] });
    expect(await introduced(URL_)).toEqual(said);
  });
  it("is not asked while it reads the chain for the first time, or answers as something else", async () => {
    answers({ "/ready": [503, ""] });
    await expect(introduced(URL_)).rejects.toThrow("for the first time");
    answers({ "/ready": [200, ""], "/status": [200, {}] });
    await expect(introduced(URL_)).rejects.toThrow("does not say where it stands");
    answers({ "/ready": [200, ""], "/status": [200, status], "/graphql": [200, { data: {} }] });
    await expect(introduced(URL_)).rejects.toThrow(TypeError);
    answers({
      "/ready": [200, ""],
      "/status": [200, { main: { id: 1, block: { number: "x", timestamp: 1 } } }],
      "/graphql": [200, sources],
    });
    await expect(introduced(URL_)).rejects.toThrow(SyntaxError);
  });
  it("is not asked where it is more than five minutes of blocks behind", () => {
    expect(refusal(said, config, 77n + BEHIND, 1_000n)).toBeNull();
    expect(refusal(said, config, 78n + BEHIND, 1_000n)).toBe("it is 26 blocks behind the chain");
    expect(refusal(said, config, 76n, null)).toBeNull(); // the endpoint is a block behind it
  });
  it("is not asked where it follows another chain, another fork of it, or another deployment", () => {
    expect(refusal({ ...said, chainId: 5 }, config, 77n, 1_000n)).toBe("it follows chain 5, not 1");
    expect(refusal(said, config, 77n, 1_001n)).toBe("it has another block 77 than the chain");
    expect(refusal({ ...said, tokens: [VAULT.toLowerCase()] }, config, 77n, 1_000n)).toBe(
      `it follows another deployment: it does not know ${INDEX}`,
    );
  });
  it("fails where it refuses a question", async () => {
    answers({ "/graphql": [429, {}] });
    await expect(ask(URL_, "{ pots }")).rejects.toThrow("HTTP 429");
    answers({ "/graphql": [200, { errors: [{ message: "too deep" }] }] });
    await expect(ask(URL_, "{ pots }")).rejects.toThrow("too deep");
  });
  it("fails where an amount is none", async () => {
    answers({ "/graphql": [200, { data: { priceSamples: { items: [{ epoch: 2, slot: 0, price: "much" }] } } }] });
    await expect(samplesFrom(URL_, INDEX, [2n], 1)).rejects.toThrow(SyntaxError);
  });
  it("gives samples in their slots", async () => {
    answers({
      "/graphql": [
        200,
        {
          data: {
            priceSamples: {
              items: [
                { epoch: 3, slot: 1, price: "5" },
                { epoch: 2, slot: 0, price: "7" },
              ],
            },
          },
        },
      ],
    });
    expect(await samplesFrom(URL_, INDEX, [2n, 3n], 2)).toEqual([
      [7n, 0n],
      [0n, 5n],
    ]);
  });
});

describe("the choice of an indexer", () => {
  const config = { indexerUrl: "https://of.the.site/" } as Config;
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  };

  it("is that of the site, another one, or none", () => {
    vi.stubGlobal("localStorage", storage);
    expect(indexerUrl(config)).toBe("https://of.the.site");
    chooseIndexer(URL_);
    expect(indexerUrl(config)).toBe(URL_);
    chooseIndexer("none");
    expect(indexerUrl(config)).toBeNull();
    chooseIndexer("");
    expect(indexerUrl(config)).toBe("https://of.the.site");
    expect(() => chooseIndexer("not an address")).toThrow();
    expect(() => chooseIndexer("ftp://x")).toThrow();
  });
});

describe("pots", () => {
  const page = (epoch: number, endCursor: string | null) => ({
    data: {
      pots: {
        items: [{ epoch, token: INDEX.toLowerCase() }],
        pageInfo: { hasNextPage: endCursor !== null, endCursor },
      },
    },
  });
  /** Answers one after the other, the last one again and again. */
  function pages(...bodies: unknown[]) {
    const asked: unknown[] = [];
    vi.stubGlobal("fetch", (_: string, { body }: { body: string }) => {
      asked.push((JSON.parse(body) as { variables: { after: unknown } }).variables.after);
      return Promise.resolve(new Response(JSON.stringify(bodies[Math.min(asked.length, bodies.length) - 1])));
    });
    return asked;
  }

  it("are read to the last page", async () => {
    const asked = pages(page(0, "a"), page(1, "b"), page(2, null));
    expect((await potsFrom(URL_)).map(({ epoch }) => epoch)).toEqual([0n, 1n, 2n]);
    expect(asked).toEqual([null, "a", "b"]);
  });
  it("are not asked for without end", async () => {
    pages(page(0, "a"));
    await expect(potsFrom(URL_)).rejects.toThrow("the same page again");
  });
});
