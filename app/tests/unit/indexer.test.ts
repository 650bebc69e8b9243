import { afterEach, describe, expect, it, vi } from "vitest";

import { chooseIndexer, type Config, indexerUrl } from "../../src/chain/config";
import { ask, BEHIND, blockOf, refusal } from "../../src/data/indexer";
import { samplesFrom } from "../../src/data/past";

const URL_ = "https://indexer.example";
const INDEX = "0x00000000000000000000000000000000000000AA";

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
  it("says where it stands", async () => {
    answers({ "/ready": [200, ""], "/status": [200, { main: { id: 1, block: { number: 77 } } }] });
    expect(await blockOf(URL_, 1)).toBe(77n);
  });
  it("is not asked while it reads the chain for the first time, or where it follows another chain", async () => {
    answers({ "/ready": [503, ""] });
    await expect(blockOf(URL_, 1)).rejects.toThrow("for the first time");
    answers({ "/ready": [200, ""], "/status": [200, { main: { id: 5, block: { number: 77 } } }] });
    await expect(blockOf(URL_, 1)).rejects.toThrow("another chain");
  });
  it("is not asked where it is more than five minutes of blocks behind", () => {
    expect(refusal(100n, 100n + BEHIND)).toBeNull();
    expect(refusal(100n, 101n + BEHIND)).toBe("it is 26 blocks behind the chain");
  });
  it("fails where it refuses a question", async () => {
    answers({ "/graphql": [429, {}] });
    await expect(ask(URL_, "{ pots }")).rejects.toThrow("HTTP 429");
    answers({ "/graphql": [200, { errors: [{ message: "too deep" }] }] });
    await expect(ask(URL_, "{ pots }")).rejects.toThrow("too deep");
  });
  it("gives samples in their slots", async () => {
    answers({ "/graphql": [200, { data: { priceSamples: { items: [{ epoch: 3, slot: 1, price: "5" }, { epoch: 2, slot: 0, price: "7" }] } } }] });
    expect(await samplesFrom(URL_, INDEX, [2n, 3n], 2)).toEqual([[7n, 0n], [0n, 5n]]);
  });
});

describe("the choice of an indexer", () => {
  const config = { indexerUrl: "https://of.the.site/" } as Config;
  const kept = new Map<string, string>();
  const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value), removeItem: (key: string) => kept.delete(key) };

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
