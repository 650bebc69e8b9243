import type { ContractFunctionReturnType } from "viem";
import { useReadContract, useReadContracts } from "wagmi";

import { contract } from "../chain/config";
import { useConfig } from "../chain/context";
import { indexLensAbi, rebalancerAbi } from "../generated/abis";

export type Overview = ContractFunctionReturnType<typeof indexLensAbi, "view", "overviews">[number];
export type Constituent = Overview["constituents"][number];

const LIVE = { refetchInterval: 12_000, staleTime: 6_000 } as const;

/** Everything about all indexes, in one call of the lens. */
export function useIndexes() {
  const config = useConfig();
  return useReadContract({
    address: contract(config, "IndexLens"),
    abi: indexLensAbi,
    functionName: "overviews",
    query: LIVE,
  });
}

/** One of them by its symbol, out of the same call. */
export function useIndex(symbol: string | undefined) {
  const all = useIndexes();
  return { ...all, data: all.data?.find((index) => index.symbol === symbol) };
}

/** Methodology weights beside weights of now; undefined where a price is missing. D18, by token address in lower case. */
export function useWeights(index: `0x${string}` | undefined) {
  const config = useConfig();
  const { data, ...rest } = useReadContract({
    address: contract(config, "Rebalancer"),
    abi: rebalancerAbi,
    functionName: "weightsOf",
    args: index ? [index] : undefined,
    query: { enabled: !!index, ...LIVE, retry: false },
  });
  const rows = data?.[0].map((token, i) => ({ token, now: data[1][i] ?? 0n, target: data[2][i] ?? 0n }));
  return { rows, ...rest };
}

/** The running or last rebalance of an index, and what can be bid in it now. */
export function useRebalance(index: `0x${string}` | undefined) {
  const config = useConfig();
  const call = { address: contract(config, "Rebalancer"), abi: rebalancerAbi } as const;
  return useReadContracts({
    contracts: index
      ? [
          { ...call, functionName: "status", args: [index] },
          { ...call, functionName: "bidsOf", args: [index] },
          { ...call, functionName: "planOf", args: [index] },
        ]
      : [],
    query: { enabled: !!index, refetchInterval: 12_000 },
  });
}
