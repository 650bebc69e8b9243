import { useQuery } from "@tanstack/react-query";
import type { PublicClient } from "viem";
import { usePublicClient } from "wagmi";

import { indexerUrl } from "../chain/config";
import { useConfig } from "../chain/context";

/** Blocks that an indexer may be behind the chain and still be asked: five minutes. */
export const BEHIND = 25n;
const TIMEOUT = 20_000;

/** What an indexer is worth now: the block at which it stands, and why it is not asked, if so. */
export interface Standing {
  url: string | null;
  block: bigint | null;
  why: string | null;
}

/** The answer of an indexer to a GraphQL question. Throws where it does not answer. */
export async function ask<T>(url: string, query: string, variables: Record<string, unknown> = {}): Promise<T> {
  const answer = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(TIMEOUT),
  });
  if (!answer.ok) throw new Error(`the indexer answers with HTTP ${answer.status}`);
  const { data, errors } = (await answer.json()) as { data?: T; errors?: { message: string }[] };
  if (!data || errors?.length) throw new Error(errors?.[0]?.message ?? "the indexer answers with nothing");
  return data;
}

/** Where an indexer stands. Throws where it is silent, or reads the chain for the first time. */
export async function blockOf(url: string, chainId: number): Promise<bigint> {
  const ready = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(TIMEOUT) });
  if (!ready.ok) throw new Error("it is still reading the chain for the first time");
  const said = (await (await fetch(`${url}/status`, { signal: AbortSignal.timeout(TIMEOUT) })).json()) as Record<string, { id: number; block: { number: number } }>;
  const chain = Object.values(said).find((one) => one.id === chainId);
  if (!chain) throw new Error("it follows another chain");
  return BigInt(chain.block.number);
}

/** Whether an indexer that stands there is asked, where the chain is at `head`; why not, else. */
export function refusal(block: bigint, head: bigint): string | null {
  return head - block > BEHIND ? `it is ${head - block} blocks behind the chain` : null;
}

/** The indexer of this site, or of this person, and whether it is asked. */
export function useIndexer(): Standing {
  const config = useConfig();
  const client = usePublicClient();
  const url = indexerUrl(config);
  const { data } = useQuery({
    queryKey: ["indexer", url],
    queryFn: async (): Promise<Standing> => {
      if (!url) return { url, block: null, why: null };
      try {
        const [block, head] = await Promise.all([blockOf(url, config.chainId), (client as PublicClient).getBlockNumber({ cacheTime: 0 })]);
        return { url, block, why: refusal(block, head) };
      } catch (error) {
        return { url, block: null, why: error instanceof TypeError ? "it does not answer" : String(error instanceof Error ? error.message : error) };
      }
    },
    enabled: !!client,
    refetchInterval: 15_000,
  });
  return data ?? { url, block: null, why: null };
}

/**
 * What was: from the indexer where one is asked, else from the chain. Both roads give the same. An indexer that fails at
 * the question itself is passed over as well.
 */
export function usePast<T>(key: readonly unknown[], fromIndexer: (url: string) => Promise<T>, fromChain: (client: PublicClient) => Promise<T>, enabled = true) {
  const client = usePublicClient();
  const { url, block, why } = useIndexer();
  const asked = url !== null && block !== null && why === null;
  return useQuery({
    queryKey: ["past", asked ? url : null, ...key],
    queryFn: async () => {
      if (asked) {
        try {
          return await fromIndexer(url);
        } catch {
          return await fromChain(client as PublicClient);
        }
      }
      return await fromChain(client as PublicClient);
    },
    // Until the indexer has said where it stands, nothing is asked twice.
    enabled: enabled && !!client && (url === null || block !== null || why !== null),
    staleTime: 15_000,
    refetchInterval: 30_000,
  });
}
