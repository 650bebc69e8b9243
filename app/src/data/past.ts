import { type Address, getAddress, type Hex, parseAbiItem, type PublicClient } from "viem";

import { contract } from "../chain/config";
import { useConfig } from "../chain/context";
import { ask, usePast } from "./indexer";
import { allLogs } from "./logs";

const MOST = 1_000; // rows that an indexer gives at once
const RECORDED = parseAbiItem("event Recorded(uint256 indexed epoch, address indexed account, uint256 points)");
const FUNDED = parseAbiItem("event Funded(uint256 indexed epoch, address indexed token, address indexed funder, uint256 amount)");
const ROLLED = parseAbiItem("event RolledOver(uint256 indexed fromEpoch, uint256 indexed toEpoch, address indexed token, uint256 amount)");
const OPERATIONS = [
  parseAbiItem("event OperationScheduled(bytes32 indexed operationId, uint32 indexed nonce, uint48 schedule, address caller, address target, bytes data)"),
  parseAbiItem("event OperationExecuted(bytes32 indexed operationId, uint32 indexed nonce)"),
  parseAbiItem("event OperationCanceled(bytes32 indexed operationId, uint32 indexed nonce)"),
] as const;

export interface Recorded {
  account: Address;
  points: bigint;
}

const byPoints = (a: Recorded, b: Recorded) => (a.points === b.points ? (a.account < b.account ? -1 : 1) : a.points > b.points ? -1 : 1);

/** Most points that were written down for an epoch, before bonuses. */
export function useRecorded(epoch: bigint, most: number) {
  const config = useConfig();
  const ledger = contract(config, "PointsLedger");
  return usePast<Recorded[]>(
    ["recorded", String(epoch), most],
    async (url) => {
      const query = `query($epoch: Int!, $most: Int!) { records(where: {epoch: $epoch, points_gt: "0"}, orderBy: "points", orderDirection: "desc", limit: $most) { items { account points } } }`;
      const { records } = await ask<{ records: { items: { account: Hex; points: string }[] } }>(url, query, { epoch: Number(epoch), most });
      return records.items.map((row) => ({ account: getAddress(row.account), points: BigInt(row.points) })).sort(byPoints);
    },
    async (client) => {
      const logs = await allLogs(client, BigInt(config.deployedAtBlock), ledger, [RECORDED], { epoch });
      return logs.map((log) => ({ account: log.args.account as Address, points: log.args.points ?? 0n })).sort(byPoints).slice(0, most);
    },
  );
}

export interface KnownPot {
  epoch: bigint;
  token: Address;
}

/** Pots that were ever funded, by epoch. */
export function usePots() {
  const config = useConfig();
  const ledger = contract(config, "PointsLedger");
  const inOrder = (pots: KnownPot[]) => {
    const once = new Map(pots.map((pot) => [`${pot.epoch} ${pot.token}`, pot]));
    return [...once.values()].sort((a, b) => (a.epoch === b.epoch ? (a.token < b.token ? -1 : 1) : a.epoch < b.epoch ? -1 : 1));
  };
  return usePast<KnownPot[]>(
    ["pots"],
    async (url) => {
      const { pots } = await ask<{ pots: { items: { epoch: number; token: Hex }[] } }>(url, `{ pots(limit: ${MOST}) { items { epoch token } } }`);
      return inOrder(pots.items.map((row) => ({ epoch: BigInt(row.epoch), token: getAddress(row.token) })));
    },
    async (client) => {
      const logs = await allLogs(client, BigInt(config.deployedAtBlock), ledger, [FUNDED, ROLLED]);
      return inOrder(logs.map((log) => ({ epoch: (log.eventName === "Funded" ? log.args.epoch : log.args.toEpoch) ?? 0n, token: log.args.token as Address })));
    },
  );
}

/** A scheduled call, and what became of it. `ready` is in Unix seconds. */
export interface Operation {
  id: Hex;
  nonce: number;
  target: Address;
  data: Hex;
  ready: number;
  end: "waiting" | "executed" | "cancelled";
}

/** Everything that was ever scheduled, in that order. */
export function useOperations() {
  const config = useConfig();
  const manager = contract(config, "ProtocolManager");
  return usePast<Operation[]>(["operations"], operationsOf, (client) => scheduled(client, BigInt(config.deployedAtBlock), manager));
}

async function operationsOf(url: string): Promise<Operation[]> {
  interface Row { id: Hex; nonce: number; target: Hex; data: Hex; readyAt: string; status: string; block: string; log: number }
  const query = `{ operations(orderBy: "block", orderDirection: "desc", limit: ${MOST}) { items { id nonce target data readyAt status block log } } }`;
  const { operations } = await ask<{ operations: { items: Row[] } }>(url, query);
  return operations.items
    .sort((a, b) => (a.block === b.block ? a.log - b.log : Number(BigInt(a.block) - BigInt(b.block))))
    .map(({ id, nonce, target, data, readyAt, status }) => ({ id, nonce, target: getAddress(target), data, ready: Number(readyAt), end: status === "scheduled" ? "waiting" : (status as "executed" | "cancelled") }));
}

async function scheduled(client: PublicClient, from: bigint, manager: Address): Promise<Operation[]> {
  const found = new Map<string, Operation>();
  for (const log of await allLogs(client, from, manager, OPERATIONS)) {
    const [id, nonce] = [log.args.operationId as Hex, log.args.nonce ?? 0];
    if (log.eventName === "OperationScheduled") {
      const { target, data, schedule } = log.args;
      found.set(`${id}${nonce}`, { id, nonce, target: target as Address, data: data as Hex, ready: Number(schedule), end: "waiting" });
    } else {
      const known = found.get(`${id}${nonce}`);
      if (known) known.end = log.eventName === "OperationExecuted" ? "executed" : "cancelled";
    }
  }
  return [...found.values()];
}

/** The samples of an index in some epochs, slot by slot, D18 dollars; 0 where there is none. From an indexer. */
export async function samplesFrom(url: string, index: Address, epochs: readonly bigint[], slots: number): Promise<bigint[][]> {
  const first = Number(epochs[0] ?? 0n);
  const query = `query($token: String!, $first: Int!) { priceSamples(where: {token: $token, epoch_gte: $first}, limit: ${MOST}) { items { epoch slot price } } }`;
  const { priceSamples } = await ask<{ priceSamples: { items: { epoch: number; slot: number; price: string }[] } }>(url, query, { token: index.toLowerCase(), first });
  const found = epochs.map(() => Array<bigint>(slots).fill(0n));
  for (const row of priceSamples.items) {
    const of = found[row.epoch - first];
    if (of) of[row.slot] = BigInt(row.price);
  }
  return found;
}
