import { encodeFunctionData, zeroAddress } from "viem";
import { describe, expect, test } from "vitest";

import { changeOf, decode, leaveBy, say } from "../../src/data/changes";
import { samplesInTime } from "../../src/data/history";
import { indexTokenAbi, lpLockerAbi } from "../../src/generated/abis";
import { DAY } from "../../src/generated/constants";
import { isqrt, perToken } from "../../src/lib/math";

describe("scheduled calls", () => {
  test("are decoded with the names of their arguments, and unknown ones are not guessed at", () => {
    const call = decode(encodeFunctionData({ abi: indexTokenAbi, functionName: "setMintFee", args: [8n] }));
    expect(call?.name).toBe("setMintFee");
    expect(call?.inputs[0]?.name).toBe("mintFee");
    expect(decode("0x12345678")).toBeNull();
  });

  test("are compared with what is there", () => {
    const fee = changeOf({ name: "setMintFee", args: [8n], inputs: [] })!;
    expect(fee.words?.(fee.read.pick({ mintFee: 10n }))).toBe("0.1 %");
    expect(fee.words?.(fee.after)).toBe("0.08 %");
    const pool = changeOf(
      decode(encodeFunctionData({ abi: lpLockerAbi, functionName: "addPool", args: [zeroAddress, 2] }))!,
    )!;
    expect([pool.words?.(pool.read.pick({ kind: 0 })), pool.words?.(pool.after)]).toEqual([
      "not on the list",
      "v3 positions",
    ]);
    expect(changeOf({ name: "startRebalance", args: [], inputs: [] })).toBeNull();
  });

  test("leave a staker as long as the longest cooldown", () => {
    expect(leaveBy(2_000_000)).toBe(2_000_000 - 14 * DAY);
  });

  test("name the addresses that are known", () => {
    expect(say([zeroAddress, 1n], (address) => (address === zeroAddress ? "nowhere" : null))).toBe("[nowhere, 1]");
  });
});

test("samples lie at the start of their day, and days without one are left out", () => {
  const samples = samplesInTime(
    [1n, 2n],
    [
      [0n, 5n, 0n, 7n],
      [9n, 0n, 0n, 0n],
    ],
    1_000n,
    400n,
  );
  expect(samples).toEqual([
    { time: 1_500, sharePrice: 5n },
    { time: 1_700, sharePrice: 7n },
    { time: 1_800, sharePrice: 9n },
  ]);
});

test("roots are whole and rounded down", () => {
  for (const root of [0n, 1n, 2n, 3n, 10n ** 9n, 2n ** 128n - 1n]) {
    expect(isqrt(root * root)).toBe(root);
    if (root > 0n) expect(isqrt(root * root - 1n)).toBe(root - 1n);
  }
});

test("an auction's price is told a whole token", () => {
  // 2 USDC (6 decimals) for one token of 18 decimals: 2e6 * 1e27 / 1e18.
  expect(perToken(2n * 10n ** 15n, 18, 6)).toBe(2n * 10n ** 18n);
});
