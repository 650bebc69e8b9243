import { type Address, type ContractFunctionReturnType, erc20Abi } from "viem";
import { useReadContract, useReadContracts } from "wagmi";

import { contract } from "../chain/config";
import { useConfig } from "../chain/context";
import { indexLensAbi, rebalancerAbi } from "../generated/abis";
import { short } from "../lib/format";

export type Overview = ContractFunctionReturnType<typeof indexLensAbi, "view", "overviews">[number];
export type Constituent = Overview["constituents"][number];
export type RebalanceStatus = ContractFunctionReturnType<typeof rebalancerAbi, "view", "status">;
export type Offer = ContractFunctionReturnType<typeof rebalancerAbi, "view", "bidsOf">[number];

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

/**
 * Methodology weights beside weights of now; undefined where a price is missing. D18, by token address in lower case.
 */
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

/** Symbol and decimals of tokens of an auction: constituents are known, those that enter are asked. */
export function useToken(
  index: Overview,
  tokens: readonly Address[],
): (token: Address) => { symbol: string; decimals: number } {
  const config = useConfig();
  const known = new Map(
    index.constituents.map((c) => [c.token.toLowerCase(), { symbol: c.symbol, decimals: c.decimals }]),
  );
  for (const token of config.tokens) known.set(token.address.toLowerCase(), token);
  const others = [...new Set(tokens.map((token) => token.toLowerCase()))].filter(
    (token) => !known.has(token),
  ) as Address[];
  const { data } = useReadContracts({
    allowFailure: true,
    contracts: others.flatMap((address) => [
      { address, abi: erc20Abi, functionName: "symbol" } as const,
      { address, abi: erc20Abi, functionName: "decimals" } as const,
    ]),
    query: { enabled: others.length > 0, staleTime: Infinity },
  });
  others.forEach((token, i) =>
    known.set(token, {
      symbol: (data?.[2 * i]?.result as string | undefined) ?? short(token),
      decimals: (data?.[2 * i + 1]?.result as number | undefined) ?? 18,
    }),
  );
  return (token) => known.get(token.toLowerCase()) ?? { symbol: short(token), decimals: 18 };
}
