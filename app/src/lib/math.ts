import { BOOST, HELD, LOCKED, STAKED, WAD } from "../generated/constants";

export const BASE = { held: BigInt(HELD), staked: BigInt(STAKED), locked: BigInt(LOCKED) } as const;

export interface Position {
  held: bigint;
  staked: bigint;
  locked: bigint;
  soso: bigint;
}

const min = (a: bigint, b: bigint) => (a < b ? a : b);

/**
 * What SOSO lifts of each class, the one with the largest gain first: docs/points-math.md. D18 dollars in, D18 dollars
 * out.
 */
export function boosts(p: Position): { held: bigint; staked: bigint; locked: bigint } {
  const locked = min(p.locked, p.soso);
  const staked = min(p.staked, p.soso - locked);
  return { locked, staked, held: min(p.held, p.soso - locked - staked) };
}

/** D18 points a day. */
export function pointsADay(p: Position): bigint {
  const x = boosts(p);
  const of = (each: keyof typeof BASE) => BASE[each] * (p[each] + BigInt(BOOST) * x[each]);
  return of("held") + of("staked") + of("locked");
}

/** D18 points per dollar and day over all of a position; 0 where there is nothing. */
export function effective(p: Position): bigint {
  const total = p.held + p.staked + p.locked;
  return total === 0n ? 0n : (pointsADay(p) * WAD) / total;
}

/** D18: how much more a purchase costs than what it is worth; negative where it is a bargain. */
export function slippage(paid: bigint, worth: bigint): bigint {
  return worth === 0n ? 0n : ((paid - worth) * WAD) / worth;
}

/** `value` less `tolerance` (D18), rounded down. */
export function atLeast(value: bigint, tolerance: bigint): bigint {
  return (value * (WAD - tolerance)) / WAD;
}

/** `value` and `tolerance` (D18) more, rounded up. */
export function atMost(value: bigint, tolerance: bigint): bigint {
  return (value * (WAD + tolerance) + WAD - 1n) / WAD;
}

/** Token-wei in D18 dollars, at a D18 price of a whole token. Rounded down. */
export function worth(amount: bigint, decimals: number, price: bigint): bigint {
  return (amount * price) / 10n ** BigInt(decimals);
}

/** The whole root, rounded down. */
export function isqrt(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt(Math.ceil(value.toString(2).length / 2));
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/**
 * D18 dollars of liquidity over the whole range at fair prices (D18 of a whole token): 2 L sqrt(P0 P1), rounded down.
 */
export function fullRangeWorth(
  liquidity: bigint,
  one: { price: bigint; decimals: number },
  other: { price: bigint; decimals: number },
): bigint {
  return isqrt((4n * liquidity * liquidity * one.price * other.price) / 10n ** BigInt(one.decimals + other.decimals));
}

/** D18 points on top for an account that was referred: a twentieth of its own, as the ledger rounds it. */
export function bonusOfReferee(own: bigint): bigint {
  return own / 20n;
}

/** D27{tokIn/tokOut} in token-wei becomes D18 whole tokens a whole token, rounded up as the auction rounds. */
export function perToken(price: bigint, outDecimals: number, inDecimals: number): bigint {
  const scale = 10n ** BigInt(9 + inDecimals);
  return (price * 10n ** BigInt(outDecimals) + scale - 1n) / scale;
}
