import { type Hex, hexToString, stringToHex } from "viem";

const KEY = "ssi.ref";

/** Keeps `?ref=CODE` of the address, before or behind the #, until the first purchase. */
export function keepReferral(): void {
  const query = new URLSearchParams(location.search || location.hash.split("?")[1] || "");
  const code = query.get("ref");
  if (code && isCode(code)) localStorage.setItem(KEY, code);
}

export function keptReferral(): string | null {
  return localStorage.getItem(KEY);
}

export function forgetReferral(): void {
  localStorage.removeItem(KEY);
}

/** 3 to 16 of A–Z and 0–9, as the registry takes them. */
export function isCode(text: string): boolean {
  return /^[A-Z0-9]{3,16}$/.test(text);
}

export function toBytes32(code: string): Hex {
  return stringToHex(code, { size: 32 });
}

export function fromBytes32(code: Hex): string {
  return hexToString(code, { size: 32 });
}
