import { useQuery } from "@tanstack/react-query";
import { type Address, encodeFunctionData, erc20Abi, type PublicClient, zeroAddress } from "viem";
import { useAccount, useBalance, usePublicClient, useReadContract, useReadContracts } from "wagmi";

import { contract, type PayToken } from "../chain/config";
import { useConfig } from "../chain/context";
import { indexRouterAbi, priceOracleAbi } from "../generated/abis";
import { WAD } from "../generated/constants";
import { slippage, worth } from "../lib/math";
import { chooseWay } from "../write/permission";

export type Mode = "buyIn" | "buyOut" | "sellIn" | "sellOut";

export interface Quote {
  /** {share} */
  shares: bigint;
  /** {tok} that are paid, or received */
  tokens: bigint;
  /** Unix milliseconds */
  at: number;
}

/**
 * What a trade would do now, to the wei: the router really swaps in an eth_call and undoes it. `most`: shares that may
 * be sold at most.
 */
export async function quoteOf(
  client: PublicClient,
  at: Address,
  mode: Mode,
  index: Address,
  token: Address,
  amount: bigint,
  most: bigint,
  blockNumber?: bigint,
): Promise<Quote> {
  const router = { address: at, abi: indexRouterAbi, blockNumber } as const;
  const now = Date.now();
  if (mode === "buyIn") {
    const { result } = await client.simulateContract({
      ...router,
      functionName: "quoteBuyExactInput",
      args: [index, token, amount],
    });
    return { shares: result[0], tokens: result[1], at: now };
  }
  if (mode === "buyOut") {
    const { result } = await client.simulateContract({
      ...router,
      functionName: "quoteBuy",
      args: [index, token, amount],
    });
    return { shares: amount, tokens: result, at: now };
  }
  if (mode === "sellIn") {
    const { result } = await client.simulateContract({
      ...router,
      functionName: "quoteSell",
      args: [index, token, amount],
    });
    return { shares: amount, tokens: result, at: now };
  }
  // As few shares as bring the amount: pro rata of what all would bring, which is enough because proceeds are concave.
  const { result: all } = await client.simulateContract({
    ...router,
    functionName: "quoteSell",
    args: [index, token, most],
  });
  const shares = all === 0n ? most : (most * amount + all - 1n) / all;
  return { shares: shares > most ? most : shares, tokens: amount, at: now };
}

/** The same, refreshed while a page looks at it. */
export function useQuote(mode: Mode, index: Address | undefined, token: Address, value: bigint | null, most: bigint) {
  const config = useConfig();
  const client = usePublicClient() as PublicClient;
  return useQuery({
    queryKey: ["quote", mode, index, token, String(value), mode === "sellOut" ? String(most) : ""],
    enabled: !!index && value !== null && value > 0n && (mode !== "sellOut" || most > 0n),
    refetchInterval: 12_000,
    retry: false,
    queryFn: () =>
      quoteOf(client, contract(config, "IndexRouter"), mode, index as Address, token, value as bigint, most),
  });
}

/** What sizes cost or lose against NAV now, in dollars of USDC; undefined where the pools do not carry that. */
export function useDepth(index: Address, sharePrice: bigint, sizes: readonly bigint[]) {
  const config = useConfig();
  const client = usePublicClient() as PublicClient;
  const usdc = config.tokens.find((token) => token.symbol === "USDC");
  const price = usePrice(usdc?.address ?? zeroAddress);
  return useQuery({
    queryKey: ["depth", index, sizes.map(String)],
    enabled: !!usdc && price > 0n && sharePrice > 0n,
    staleTime: 60_000,
    queryFn: () =>
      Promise.all(
        sizes.map(async (dollars) => {
          const token = usdc as PayToken;
          const at = contract(config, "IndexRouter");
          const tokens = (dollars * 10n ** BigInt(token.decimals)) / price;
          const shares = (dollars * WAD) / sharePrice;
          const [buy, sell] = await Promise.allSettled([
            quoteOf(client, at, "buyIn", index, token.address, tokens, 0n),
            quoteOf(client, at, "sellIn", index, token.address, shares, 0n),
          ]);
          const paid = (value: bigint) => worth(value, token.decimals, price);
          return {
            dollars,
            buy:
              buy.status === "fulfilled"
                ? slippage(paid(buy.value.tokens), worth(buy.value.shares, 18, sharePrice))
                : undefined,
            sell:
              sell.status === "fulfilled"
                ? slippage(worth(shares, 18, sharePrice), paid(sell.value.tokens))
                : undefined,
          };
        }),
      ),
  });
}

/** D18 dollars of a whole token; 0 where the oracle has no price, undefined while it has not answered. */
export function useMaybePrice(token: Address): bigint | undefined {
  const config = useConfig();
  const { data } = useReadContract({
    address: contract(config, "PriceOracle"),
    abi: priceOracleAbi,
    functionName: "tryPrice",
    args: [token === zeroAddress ? config.external.weth : token],
    query: { refetchInterval: 30_000 },
  });
  return data && (data[0] ? data[1] : 0n);
}

/** D18 dollars of a whole token; 0 where there is no price. */
export function usePrice(token: Address): bigint {
  return useMaybePrice(token) ?? 0n;
}

/** What the account has of a token, and has allowed. Ether where `token` is null. */
export function useFunds(token: PayToken | null, spender: Address) {
  const config = useConfig();
  const { address } = useAccount();
  const ether = useBalance({ address, query: { enabled: !!address, refetchInterval: 12_000 } });
  const erc20 = { address: token?.address ?? zeroAddress, abi: erc20Abi } as const;
  const { data } = useReadContracts({
    allowFailure: false,
    contracts: address
      ? [
          { ...erc20, functionName: "balanceOf", args: [address] },
          { ...erc20, functionName: "allowance", args: [address, spender] },
          { ...erc20, functionName: "allowance", args: [address, config.external.permit2] },
        ]
      : [],
    query: { enabled: !!address && !!token, refetchInterval: 12_000 },
  });
  const [held = 0n, toRouter = 0n, toPermit2 = 0n] = (data ?? []) as bigint[];
  return {
    balance: token ? held : (ether.data?.value ?? 0n),
    ether: ether.data?.value ?? 0n,
    way: (needed: bigint) => chooseWay(token, needed, toRouter, toPermit2),
  };
}

/** Gas of a call in D18 dollars, undefined while it cannot be estimated. */
export function useGasCost(call: (Parameters<typeof encodeFunctionData>[0] & { to: Address; value?: bigint }) | null) {
  const config = useConfig();
  const client = usePublicClient() as PublicClient;
  const { address } = useAccount();
  const price = usePrice(config.external.weth);
  const data = call ? encodeFunctionData(call) : undefined;
  const { data: cost } = useQuery({
    queryKey: ["gas", address, call?.to, call?.functionName, data?.slice(0, 202), String(call?.value ?? 0n)],
    enabled: !!call && !!address,
    staleTime: 60_000,
    retry: false,
    queryFn: async () => {
      const [gas, fee] = await Promise.all([
        client.estimateGas({ account: address, to: call?.to, data, value: call?.value }),
        client.getGasPrice(),
      ]);
      return { gas, fee };
    },
  });
  return cost ? { gas: cost.gas, dollars: (cost.gas * cost.fee * price) / WAD } : undefined;
}
