import { describe, expect, it } from "vitest";

import { amount, cut, duration, multiplier, parseAmount, percent, usd } from "../../src/lib/format";

describe("amounts", () => {
  it("are cut towards zero, never rounded up", () => {
    expect(cut(1_999_999n, 6, 2)).toBe("1.99");
    expect(cut(-1_999_999n, 6, 2)).toBe("-1.99");
    expect(cut(1_234_567_890_000n, 6, 2)).toBe("1,234,567.89");
  });
  it("show more places the smaller they are", () => {
    expect(amount(0n, 18)).toBe("0");
    expect(amount(1_500n * 10n ** 18n, 18)).toBe("1,500");
    expect(amount(12_345_678n, 8)).toBe("0.123456");
    expect(amount(1n, 18)).toBe("<0.000000000001");
  });
  it("in dollars", () => {
    expect(usd(1_234_567_890_000_000_000_000n)).toBe("$1,234.56");
    expect(usd(-5n * 10n ** 17n)).toBe("-$0.50");
    expect(usd(0n)).toBe("$0.00");
  });
  it("as parts", () => {
    expect(percent(10n ** 16n)).toBe("1.00 %");
    expect(multiplier(165n * 10n ** 18n)).toBe("165X");
    expect(multiplier(16_500_000_000_000_000_000n)).toBe("16.5X");
  });
});

describe("what a person types", () => {
  it("is read to the wei", () => {
    expect(parseAmount("1,000.50", 6)).toEqual({ ok: true, value: 1_000_500_000n });
    expect(parseAmount(" 1_000 ", 18)).toEqual({ ok: true, value: 1_000n * 10n ** 18n });
    expect(parseAmount(".5", 6)).toEqual({ ok: true, value: 500_000n });
  });
  it("is refused where it would have to be rounded", () => {
    expect(parseAmount("0.1234567", 6)).toEqual({ ok: false, why: "At most 6 digits behind the point" });
  });
  it("is refused where it is no number", () => {
    for (const text of ["abc", "1e5", "-1", "0x10", "NaN", ".", "1.2.3"]) expect(parseAmount(text, 18).ok).toBe(false);
    expect(parseAmount("9".repeat(41), 18).ok).toBe(false);
  });
  it("may be nothing yet", () => {
    expect(parseAmount("", 18)).toEqual({ ok: false, why: "" });
  });
});

describe("durations", () => {
  it("name the two largest units", () => {
    expect(duration(14 * 86_400)).toBe("14 d");
    expect(duration(13 * 86_400 + 7_200)).toBe("13 d 2 h");
    expect(duration(7_200)).toBe("2 h");
    expect(duration(3_720)).toBe("1 h 2 min");
    expect(duration(59)).toBe("59 s");
    expect(duration(-5)).toBe("0 s");
  });
});
