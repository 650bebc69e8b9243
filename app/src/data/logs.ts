import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { AbiEvent, Address, GetLogsReturnType, PublicClient } from "viem";
import { usePublicClient } from "wagmi";

import { useConfig } from "../chain/context";

const SPAN = 50_000n;

/**
 * Logs of `events` at `address` from the deployment to now. Endpoints allow spans of very different sizes,
 * so a refused span is halved until it passes.
 */
export async function allLogs<const E extends readonly AbiEvent[]>(
  client: PublicClient,
  from: bigint,
  address: Address | Address[],
  events: E,
  args?: Record<string, unknown>,
): Promise<GetLogsReturnType<undefined, E>> {
  // Not the number that viem remembers: what has just been mined is looked for first of all.
  const end = await client.getBlockNumber({ cacheTime: 0 });
  const found: unknown[] = [];
  let [start, span] = [from, SPAN];
  while (start <= end) {
    const to = start + span - 1n > end ? end : start + span - 1n;
    try {
      const single = events.length === 1 && args;
      const query = single ? { event: events[0], args } : { events };
      found.push(...(await client.getLogs({ address, fromBlock: start, toBlock: to, ...query } as never)));
      start = to + 1n;
    } catch (error) {
      if (span <= 16n) throw error;
      span /= 2n;
    }
  }
  return found as GetLogsReturnType<undefined, E>;
}

export function useLogs<const E extends readonly AbiEvent[]>(
  key: string,
  address: Address | Address[],
  events: E,
  args?: Record<string, unknown>,
  enabled = true,
) {
  const config = useConfig();
  const client = usePublicClient();
  return useQuery({
    queryKey: ["logs", key, address, Object.values(args ?? {}).map(String)],
    queryFn: () => allLogs(client as PublicClient, BigInt(config.deployedAtBlock), address, events, args),
    enabled: enabled && !!client,
    staleTime: 15_000,
    // An endpoint may answer from a node that is a block behind.
    refetchInterval: 30_000,
  });
}

function useLatest() {
  const client = usePublicClient();
  return useQuery({
    queryKey: ["now"],
    queryFn: async () => {
      const block = await (client as PublicClient).getBlock();
      return { chain: Number(block.timestamp), seen: Date.now() / 1000 };
    },
    enabled: !!client,
    retry: 1,
    refetchInterval: (query) => (query.state.error ? 3_000 : 12_000),
  });
}

/** Seconds of the chain's latest block, kept going by the browser's clock. */
export function useNow(): number {
  const { data } = useLatest();
  return data ? Math.floor(data.chain + (Date.now() / 1000 - data.seen)) : Math.floor(Date.now() / 1000);
}

/** False while the endpoint is silent. The app repeats failed requests once the endpoint answers. */
export function useChainAnswers(): boolean {
  const { isError } = useLatest();
  const queries = useQueryClient();
  const was = useRef(isError);
  useEffect(() => {
    if (was.current && !isError) void queries.invalidateQueries();
    was.current = isError;
  }, [isError, queries]);
  return !isError;
}
