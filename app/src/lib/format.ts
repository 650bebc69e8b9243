import { formatUnits, parseUnits } from "viem";

import { DAY, HOUR } from "../generated/constants";

const group = (digits: number) =>
  new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });

/**
 * A decimal string cut after `digits` places, towards zero, with thousands separated. Exact: no floating point in
 * between.
 */
export function cut(value: bigint, decimals: number, digits: number): string {
  const [whole = "0", fraction = ""] = formatUnits(value, decimals).split(".");
  const sign = whole.startsWith("-") ? "-" : "";
  const grouped = whole.replace("-", "").replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  const places = fraction.slice(0, digits).padEnd(digits, "0");
  return sign + grouped + (digits > 0 ? `.${places}` : "");
}

/** Tokens for reading: more places the smaller it is, trailing zeros dropped. */
export function amount(value: bigint, decimals: number): string {
  if (value === 0n) return "0";
  const size = Math.abs(Number(formatUnits(value, decimals)));
  const digits = size >= 1_000 ? 2 : size >= 1 ? 4 : size >= 0.0001 ? 6 : Math.min(decimals, 12);
  const text = cut(value, decimals, digits)
    .replace(/(\.\d*?)0+$/, "$1")
    .replace(/\.$/, "");
  return text === "0" || text === "-0" ? `<${cut(1n, digits, digits)}` : text;
}

/** D18 dollars. */
export function usd(value: bigint): string {
  const size = Number(value) / 1e18;
  if (value !== 0n && Math.abs(size) < 0.01)
    return value > 0n ? `$${size.toPrecision(3)}` : `-$${Math.abs(size).toPrecision(3)}`;
  const text = cut(value < 0n ? -value : value, 18, 2);
  return `${value < 0n ? "-" : ""}$${text}`;
}

/** D18 dollars, short: $1.2M. */
export function usdShort(value: bigint): string {
  return new Intl.NumberFormat("en-US", {
    style: "currency",
    currency: "USD",
    notation: "compact",
    maximumFractionDigits: 2,
  }).format(Number(value) / 1e18);
}

/** D18 share as a percentage. */
export function percent(value: bigint, digits = 2): string {
  return `${group(digits).format(Number(value) / 1e16)} %`;
}

/** Basis points of a D18 share. */
export function bp(value: bigint): string {
  return `${group(1).format(Number(value) / 1e14)} bp`;
}

export function multiplier(value: bigint): string {
  return `${group(2)
    .format(Number(value) / 1e18)
    .replace(/\.?0+$/, "")}X`;
}

export function points(value: bigint): string {
  return cut(value, 18, 0);
}

/** Unix seconds. */
export function date(seconds: number | bigint): string {
  return new Date(Number(seconds) * 1000).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}

/** Unix seconds. */
export function day(seconds: number | bigint): string {
  return new Date(Number(seconds) * 1000).toLocaleDateString("en-GB", { dateStyle: "medium" });
}

/** "13 d 4 h", "3 h 12 min", "45 s". */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const [days, hours, minutes] = [Math.floor(s / DAY), Math.floor((s % DAY) / HOUR), Math.floor((s % HOUR) / 60)];
  if (days > 0) return hours > 0 ? `${days} d ${hours} h` : `${days} d`;
  if (hours > 0) return minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`;
  return minutes > 0 ? `${minutes} min` : `${s} s`;
}

export function short(address: string): string {
  return `${address.slice(0, 6)}…${address.slice(-4)}`;
}

export type Parsed = { ok: true; value: bigint } | { ok: false; why: string };

/** An amount that a person typed. Refuses what it would have to round. */
export function parseAmount(text: string, decimals: number): Parsed {
  const clean = text.trim().replace(/[,_ ]/g, "");
  if (clean === "") return { ok: false, why: "" };
  if (!/^\d*(\.\d*)?$/.test(clean) || clean === ".") return { ok: false, why: "Write a number, such as 1000.50" };
  const fraction = clean.split(".")[1] ?? "";
  if (fraction.length > decimals) return { ok: false, why: `At most ${decimals} digits behind the point` };
  if (clean.length > 40) return { ok: false, why: "That is more than exists" };
  return { ok: true, value: parseUnits(clean as `${number}`, decimals) };
}
