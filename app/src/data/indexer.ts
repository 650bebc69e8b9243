import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { PublicClient } from "viem";
import { usePublicClient } from "wagmi";

import { type Config, indexerUrl } from "../chain/config";
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

export interface Said {
  chainId: number;
  block: bigint;
  /** of that block, Unix seconds */
  time: bigint;
  /** addresses of the indexes and staked tokens that it follows, lower case */
  tokens: string[];
}

/** What an indexer says of itself. Throws where it is silent, or says something else. */
export async function introduced(url: string): Promise<Said> {
  const get = (path: string) => fetch(url + path, { signal: AbortSignal.timeout(TIMEOUT) });
  if (!(await get("/ready")).ok) throw new Error("it is still reading the chain for the first time");
  const [chain] = Object.values(
    (await (await get("/status")).json()) as Record<
      string,
      { id: number; block: { number: number; timestamp: number } }
    >,
  );
  if (!chain) throw new Error("it does not say where it stands");
  const { sources } = await ask<{ sources: { items: { address: string; kind: string }[] } }>(
    url,
    "{ sources(limit: 1000) { items { address kind } } }",
  );
  const tokens = sources.items.filter(({ kind }) => kind !== "pool").map(({ address }) => address.toLowerCase());
  return { chainId: Number(chain.id), block: BigInt(chain.block.number), time: BigInt(chain.block.timestamp), tokens };
}

/**
 * Why an indexer that says this of itself is not asked; null where it is.
 *
 * @param head the chain's last block
 * @param time of the indexer's block on the chain, Unix seconds; null where the endpoint does not have it yet
 */
export function refusal(
  said: Said,
  config: Pick<Config, "chainId" | "indexes" | "staked">,
  head: bigint,
  time: bigint | null,
): string | null {
  if (said.chainId !== config.chainId) return `it follows chain ${said.chainId}, not ${config.chainId}`;
  if (head - said.block > BEHIND) return `it is ${head - said.block} blocks behind the chain`;
  if (time !== null && time !== said.time) return `it has another block ${said.block} than the chain`;
  const missing = [...Object.values(config.indexes), ...Object.values(config.staked)].find(
    (token) => !said.tokens.includes(token.toLowerCase()),
  );
  return missing ? `it follows another deployment: it does not know ${missing}` : null;
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
        const said = await introduced(url);
        const node = client as PublicClient;
        const head = await node.getBlockNumber({ cacheTime: 0 });
        const time = said.block > head ? null : (await node.getBlock({ blockNumber: said.block })).timestamp;
        return { url, block: said.block, why: refusal(said, config, head, time) };
      } catch (error) {
        return {
          url,
          block: null,
          why:
            error instanceof Error && !(error instanceof TypeError) && !(error instanceof SyntaxError)
              ? error.message
              : "it does not answer as an indexer does",
        };
      }
    },
    enabled: !!client,
    refetchInterval: 15_000,
  });
  return data ?? { url, block: null, why: null };
}

/**
 * What was: from the indexer where one is asked, else from the chain. Both roads give the same. An indexer that fails
 * at the question itself is passed over as well, and the page says so until it is looked at again.
 */
export function usePast<T>(
  key: readonly unknown[],
  fromIndexer: (url: string) => Promise<T>,
  fromChain: (client: PublicClient) => Promise<T>,
  enabled = true,
) {
  const client = usePublicClient();
  const queries = useQueryClient();
  const { url, block, why } = useIndexer();
  const asked = url !== null && block !== null && why === null;
  return useQuery({
    queryKey: ["past", asked ? url : null, ...key],
    queryFn: async () => {
      if (asked) {
        try {
          return await fromIndexer(url);
        } catch (error) {
          const failed: Standing = {
            url,
            block,
            why: `it failed at a question (${error instanceof Error ? error.message : String(error)})`,
          };
          queries.setQueryData(["indexer", url], failed);
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
