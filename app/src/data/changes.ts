import { type Abi, type AbiFunction, type Address, decodeFunctionData, type Hex } from "viem";
import { useReadContract, useStorageAt } from "wagmi";

import * as abis from "../generated/abis";
import { IMPLEMENTATION_SLOT, MAX_COOLDOWN } from "../generated/constants";
import { date, duration, percent } from "../lib/format";

export const EVERY_ABI = Object.values(abis).flat() as unknown as Abi;

export interface Decoded {
  name: string;
  args: readonly unknown[];
  inputs: readonly { name?: string }[];
}

/** A scheduled call by name; null where no contract of the protocol knows it. */
export function decode(data: Hex): Decoded | null {
  try {
    const { functionName, args } = decodeFunctionData({ abi: EVERY_ABI, data });
    const entry = EVERY_ABI.find(
      (item): item is AbiFunction =>
        item.type === "function" && item.name === functionName && item.inputs.length === (args ?? []).length,
    );
    return { name: functionName, args: (args ?? []) as readonly unknown[], inputs: entry?.inputs ?? [] };
  } catch {
    return null;
  }
}

type Named = (address: string) => string | null;

/** Any argument in words: addresses by name where they have one. */
export function say(value: unknown, name: Named): string {
  if (typeof value === "string" && value.length === 42) return name(value) ?? value;
  if (Array.isArray(value)) return `[${value.map((one) => say(one, name)).join(", ")}]`;
  if (value !== null && typeof value === "object")
    return `{${Object.entries(value)
      .map(([key, one]) => `${key}: ${say(one, name)}`)
      .join(", ")}}`;
  return String(value);
}

interface Change {
  /** The view that says what is there now, and what of its answer the call replaces. */
  read: {
    functionName: string;
    args: readonly unknown[];
    pick: (answer: any) => unknown; // eslint-disable-line @typescript-eslint/no-explicit-any
  };
  after: unknown;
  /** How a value reads; as it is where there is nothing better. */
  words?: (value: unknown) => string;
}

const whole = (answer: unknown) => answer;
const bps = (value: unknown) => `${Number(value) / 100} %`;
const daily = (value: unknown) => `${percent(BigInt(value as bigint), 3)} a day`;
const seconds = (value: unknown) => duration(Number(value));
const shares = (value: unknown) => `${Number(value).toLocaleString("en-US")} shares`;
const kinds = (value: unknown) => ["not on the list", "v2 LP tokens", "v3 positions"][Number(value)] ?? String(value);

/** What a call replaces: what is there now, and what will be. Null where it replaces nothing that a view shows. */
export function changeOf({ name, args }: Decoded): Change | null {
  const terms = (key: string) => ({
    functionName: "terms",
    args: [],
    pick: (answer: Record<string, unknown>) => answer[key],
  });
  const [a, b, c] = args;
  switch (name) {
    case "setMintFee":
      return { read: terms("mintFee"), after: a, words: bps };
    case "setStreamingFee":
      return { read: terms("dailyFee"), after: a, words: daily };
    case "setSupplyCap":
      return { read: terms("supplyCap"), after: a, words: shares };
    case "setFeeReceiver":
      return { read: terms("feeReceiver"), after: a };
    case "setRebalancer":
      return { read: terms("rebalancer"), after: a };
    case "unpauseMinting":
      return {
        read: terms("paused"),
        after: false,
        words: (value) => (value ? "minting is paused" : "minting is open"),
      };
    case "deprecate":
      return {
        read: terms("deprecated"),
        after: true,
        words: (value) => (value ? "closed to new money for ever" : "open to new money"),
      };
    case "setCooldown":
      return { read: { functionName: "cooldown", args: [], pick: whole }, after: a, words: seconds };
    case "setTreasury":
      return { read: { functionName: "treasury", args: [], pick: whole }, after: a };
    case "setBuyHook":
      return { read: { functionName: "buyHook", args: [], pick: whole }, after: a };
    case "setRouter":
      return { read: { functionName: "router", args: [], pick: whole }, after: a };
    case "setLedger":
      return { read: { functionName: "ledger", args: [], pick: whole }, after: a };
    case "setHop":
      return { read: { functionName: "hop", args: [a], pick: ([next, fee]) => [next, fee] }, after: [b, c] };
    case "setSplit":
      return { read: { functionName: "splitOf", args: [a], pick: ([vault, part]) => [vault, part] }, after: [b, c] };
    case "setRoute":
      return { read: { functionName: "route", args: [a], pick: whole }, after: b };
    case "removeRoute":
      return { read: { functionName: "route", args: [a], pick: whole }, after: [] };
    case "setSecondRoute":
      return { read: { functionName: "secondRoute", args: [a], pick: whole }, after: [b, c] };
    case "removeSecondRoute":
      return { read: { functionName: "secondRoute", args: [a], pick: whole }, after: [[], 0n] };
    case "setTerms":
      return { read: { functionName: "planOf", args: [a], pick: (plan) => plan.terms }, after: b };
    case "setMethodology":
      return {
        read: {
          functionName: "planOf",
          args: [a],
          pick: ({ methodology, tokens, parameters }) => ({ methodology, tokens, parameters }),
        },
        after: { methodology: b, tokens: c, parameters: args[3] },
      };
    case "list":
    case "post":
      return { read: { functionName: "supplies", args: [a], pick: whole }, after: b };
    case "addPool":
      return { read: { functionName: "poolOf", args: [a], pick: ({ kind }) => kind }, after: b, words: kinds };
    case "removePool":
      return {
        read: { functionName: "poolOf", args: [a], pick: ({ removedAt }) => removedAt },
        after: null,
        words: (value) => (value ? `removed ${date(value as bigint)}` : value === null ? "removed" : "on the list"),
      };
    case "grantRole":
    case "revokeRole":
      return {
        read: { functionName: "hasRole", args: [a, b], pick: ([member, delay]) => [member, delay] },
        after: name === "grantRole" ? [true, c] : [false, 0],
        words: role,
      };
    default:
      return null;
  }
}

function role(value: unknown): string {
  const [member, delay] = value as [boolean, number];
  return member
    ? `has the role, ${Number(delay) === 0 ? "at once" : `after ${duration(Number(delay))}`}`
    : "does not have the role";
}

/** What is there now and what will be, in words; null where the call replaces nothing that can be read. */
export function useChange(
  target: Address,
  call: Decoded | null,
  name: Named,
): { before: string; after: string } | null {
  const change = call ? changeOf(call) : null;
  const upgrade = call?.name === "upgradeToAndCall";
  const { data } = useReadContract({
    address: target,
    abi: EVERY_ABI,
    functionName: change?.read.functionName ?? "terms",
    args: change?.read.args ?? [],
    query: { enabled: !!change, staleTime: 60_000, retry: false },
  });
  const { data: slot } = useStorageAt({ address: target, slot: IMPLEMENTATION_SLOT, query: { enabled: upgrade } });
  if (upgrade && slot) return { before: `code at 0x${slot.slice(-40)}`, after: `code at ${String(call.args[0])}` };
  if (!change || data === undefined) return null;
  const words = change.words ?? ((value: unknown) => say(value, name));
  return { before: words(change.read.pick(data)), after: words(change.after) };
}

/** By when a staker must have asked to leave, Unix seconds, to be out before something can happen. */
export function leaveBy(ready: number): number {
  return ready - MAX_COOLDOWN;
}
