import type { Address } from "viem";
import { useAccount, useReadContracts } from "wagmi";

import { useConfig } from "../chain/context";
import { stakedTokenAbi } from "../generated/abis";
import { WAD, ZERO } from "../generated/constants";

export interface StakePosition {
  symbol: string;
  staked: Address;
  shares: bigint;
  /** {asset} that the shares are worth now */
  assets: bigint;
  exit: {
    coolingAssets: bigint;
    coolingShares: bigint;
    maturesAt: bigint;
    claimableAssets: bigint;
    claimableShares: bigint;
  };
  rate: bigint;
  apr: bigint;
  total: bigint;
  cooldown: bigint;
}

const PER = 6;

/** Every staked token with what the account has of it, sSOSO among them. */
export function useStakes(): { data: StakePosition[] | undefined; isPending: boolean } {
  const config = useConfig();
  const { address } = useAccount();
  const who = address ?? ZERO;
  const vaults = Object.entries(config.staked);
  const { data, isPending } = useReadContracts({
    allowFailure: false,
    contracts: vaults.flatMap(([, vault]) => {
      const at = { address: vault, abi: stakedTokenAbi } as const;
      return [
        { ...at, functionName: "balanceOf", args: [who] },
        { ...at, functionName: "exitOf", args: [who] },
        { ...at, functionName: "exchangeRate" },
        { ...at, functionName: "currentApr" },
        { ...at, functionName: "totalAssets" },
        { ...at, functionName: "cooldown" },
      ] as const;
    }),
    query: { refetchInterval: 12_000 },
  });
  const list = data as unknown[] | undefined;
  // Exactly what a request would be worth: the rate is rounded, so shares times rate can be some wei less.
  const worth = useReadContracts({
    allowFailure: false,
    contracts: vaults.map(
      ([, vault], i) =>
        ({
          address: vault,
          abi: stakedTokenAbi,
          functionName: "convertToAssets",
          args: [(list?.[PER * i] as bigint | undefined) ?? 0n],
        }) as const,
    ),
    query: { enabled: !!list && !!address, refetchInterval: 12_000, placeholderData: (previous) => previous },
  });
  return {
    isPending,
    data:
      list &&
      vaults.map(([symbol, staked], i) => {
        const [shares, exit, rate, apr, total, cooldown] = list.slice(PER * i, PER * (i + 1)) as [
          bigint,
          StakePosition["exit"],
          bigint,
          bigint,
          bigint,
          bigint,
        ];
        return {
          symbol,
          staked,
          shares,
          assets: worth.data?.[i] ?? (shares * rate) / WAD,
          exit,
          rate,
          apr,
          total,
          cooldown,
        };
      }),
  };
}

/** D18 returns of the last epochs, oldest first. */
export function useEpochAprs(staked: Address | undefined, current: bigint | undefined, count = 6) {
  const epochs =
    current === undefined
      ? []
      : [...Array(count).keys()].map((i) => current - BigInt(count - 1 - i)).filter((epoch) => epoch >= 0n);
  const { data } = useReadContracts({
    allowFailure: true,
    contracts: staked
      ? epochs.map(
          (epoch) => ({ address: staked, abi: stakedTokenAbi, functionName: "epochApr", args: [epoch] }) as const,
        )
      : [],
    query: { enabled: !!staked && epochs.length > 0, staleTime: 60_000 },
  });
  return epochs.map((epoch, i) => ({ epoch, apr: (data?.[i]?.result as bigint | undefined) ?? 0n }));
}
