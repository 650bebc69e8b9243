import { describe, expect, it } from "vitest";

import { WAD } from "../../src/generated/constants";
import { atLeast, atMost, boosts, effective, pointsADay, slippage, worth } from "../../src/lib/math";
import { chooseWay } from "../../src/write/permission";

const of = (held: bigint, staked: bigint, locked: bigint, soso: bigint) => ({
  held: held * WAD,
  staked: staked * WAD,
  locked: locked * WAD,
  soso: soso * WAD,
});

describe("points", () => {
  it("are 3, 15 and 20 a dollar and day without SOSO", () => {
    expect(pointsADay(of(1n, 0n, 0n, 0n))).toBe(3n * WAD);
    expect(pointsADay(of(0n, 1n, 0n, 0n))).toBe(15n * WAD);
    expect(pointsADay(of(0n, 0n, 1n, 0n))).toBe(20n * WAD);
  });
  it("are 33, 165 and 220 with as much SOSO", () => {
    for (const [p, most] of [
      [of(1n, 0n, 0n, 1n), 33n],
      [of(0n, 1n, 0n, 1n), 165n],
      [of(0n, 0n, 1n, 1n), 220n],
    ] as const) {
      expect(effective(p)).toBe(most * WAD);
    }
  });
  it("lift liquidity first, then what is staked, then what is held", () => {
    expect(boosts(of(10n, 10n, 10n, 25n))).toEqual({ locked: 10n * WAD, staked: 10n * WAD, held: 5n * WAD });
  });
  it("of nothing have no multiplier", () => {
    expect(effective(of(0n, 0n, 0n, 5n))).toBe(0n);
  });
});

describe("limits", () => {
  it("round against the quote alone", () => {
    expect(atLeast(1_000n, 10n ** 15n)).toBe(999n);
    expect(atMost(1_000n, 10n ** 15n)).toBe(1_001n);
    expect(atMost(1n, 10n ** 15n)).toBe(2n);
  });
  it("of slippage are signed", () => {
    expect(slippage(101n, 100n)).toBe(10n ** 16n);
    expect(slippage(99n, 100n)).toBe(-(10n ** 16n));
    expect(slippage(1n, 0n)).toBe(0n);
  });
  it("of worth follow decimals", () => {
    expect(worth(2_500_000n, 6, WAD)).toBe(2_500_000_000_000_000_000n);
  });
});

describe("the way to pay", () => {
  const usdc = {
    symbol: "USDC",
    address: "0x0000000000000000000000000000000000000001",
    decimals: 6,
    permit: { name: "USD Coin", version: "2" },
  } as const;
  const usdt = { ...usdc, symbol: "USDT", permit: null };
  it("asks for as little as possible", () => {
    expect(chooseWay(null, 5n, 0n, 0n)).toBe("ether");
    expect(chooseWay(usdc, 5n, 5n, 0n)).toBe("allowance");
    expect(chooseWay(usdc, 5n, 4n, 0n)).toBe("permit");
    expect(chooseWay(usdt, 5n, 4n, 5n)).toBe("permit2");
    expect(chooseWay(usdt, 5n, 4n, 4n)).toBe("approve");
  });
});
