import { type Address, getAbiItem, getAddress, type Hex } from "viem";

import { contract } from "../chain/config";
import { useConfig } from "../chain/context";
import { pointsLedgerAbi } from "../generated/abis";
import { ask, usePast } from "./indexer";
import { allLogs } from "./logs";

const MOST = 1_000; // rows that an indexer gives at once
const RECORDED = getAbiItem({ abi: pointsLedgerAbi, name: "Recorded" });
const FUNDED = getAbiItem({ abi: pointsLedgerAbi, name: "Funded" });
const ROLLED = getAbiItem({ abi: pointsLedgerAbi, name: "RolledOver" });

export interface Recorded {
  account: Address;
  points: bigint;
}

const byPoints = (a: Recorded, b: Recorded) =>
  a.points === b.points ? (a.account < b.account ? -1 : 1) : a.points > b.points ? -1 : 1;

/** Most points that were written down for an epoch, before bonuses. */
export function useRecorded(epoch: bigint, most: number) {
  const config = useConfig();
  const ledger = contract(config, "PointsLedger");
  return usePast<Recorded[]>(
    ["recorded", String(epoch), most],
    async (url) => {
      const query = `query($epoch: Int!, $most: Int!) {
        records(where: {epoch: $epoch, points_gt: "0"}, orderBy: "points", orderDirection: "desc", limit: $most) {
          items { account points }
        }
      }`;
      const { records } = await ask<{ records: { items: { account: Hex; points: string }[] } }>(url, query, {
        epoch: Number(epoch),
        most,
      });
      return records.items
        .map((row) => ({ account: getAddress(row.account), points: BigInt(row.points) }))
        .sort(byPoints);
    },
    async (client) => {
      const logs = await allLogs(client, BigInt(config.deployedAtBlock), ledger, [RECORDED], { epoch });
      return logs
        .map((log) => ({ account: log.args.account as Address, points: log.args.points ?? 0n }))
        .sort(byPoints)
        .slice(0, most);
    },
  );
}

export interface KnownPot {
  epoch: bigint;
  token: Address;
}

/** All pots of an indexer. Any account may fund a pot with any token, so there may be more than a page of them. */
export async function potsFrom(url: string): Promise<KnownPot[]> {
  const query = `query($after: String) {
    pots(limit: ${MOST}, after: $after) { items { epoch token } pageInfo { hasNextPage endCursor } }
  }`;
  const found: KnownPot[] = [];
  const seen = new Set<string>();
  let after: string | null = null;
  do {
    const { pots }: { pots: PageOfPots } = await ask(url, query, { after });
    for (const row of pots.items) found.push({ epoch: BigInt(row.epoch), token: getAddress(row.token) });
    after = pots.pageInfo.hasNextPage ? pots.pageInfo.endCursor : null;
    if (after !== null && seen.has(after)) throw new Error("the indexer answers with the same page again");
    if (after !== null) seen.add(after);
  } while (after !== null);
  return found;
}

interface PageOfPots {
  items: { epoch: number; token: Hex }[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

/** Pots that were ever funded, by epoch. */
export function usePots() {
  const config = useConfig();
  const ledger = contract(config, "PointsLedger");
  const inOrder = (pots: KnownPot[]) => {
    const once = new Map(pots.map((pot) => [`${pot.epoch} ${pot.token}`, pot]));
    return [...once.values()].sort((a, b) =>
      a.epoch === b.epoch ? (a.token < b.token ? -1 : 1) : a.epoch < b.epoch ? -1 : 1,
    );
  };
  return usePast<KnownPot[]>(
    ["pots"],
    async (url) => inOrder(await potsFrom(url)),
    async (client) => {
      const logs = await allLogs(client, BigInt(config.deployedAtBlock), ledger, [FUNDED, ROLLED]);
      return inOrder(
        logs.map((log) => ({
          epoch: (log.eventName === "Funded" ? log.args.epoch : log.args.toEpoch) ?? 0n,
          token: log.args.token as Address,
        })),
      );
    },
  );
}

/** The samples of an index in some epochs, slot by slot, D18 dollars; 0 where there is none. From an indexer. */
export async function samplesFrom(
  url: string,
  index: Address,
  epochs: readonly bigint[],
  slots: number,
): Promise<bigint[][]> {
  const first = Number(epochs[0] ?? 0n);
  const query = `query($token: String!, $first: Int!) {
    priceSamples(where: {token: $token, epoch_gte: $first}, limit: ${MOST}) { items { epoch slot price } }
  }`;
  const { priceSamples } = await ask<{ priceSamples: { items: { epoch: number; slot: number; price: string }[] } }>(
    url,
    query,
    { token: index.toLowerCase(), first },
  );
  const found = epochs.map(() => Array<bigint>(slots).fill(0n));
  for (const row of priceSamples.items) {
    const of = found[row.epoch - first];
    if (of) of[row.slot] = BigInt(row.price);
  }
  return found;
}
