import { type Address, erc20Abi, getAbiItem, parseAbi } from "viem";
import { useReadContract, useReadContracts } from "wagmi";

import { contract } from "../chain/config";
import { useConfig } from "../chain/context";
import { lpLockerAbi, priceOracleAbi } from "../generated/abis";
import { fullRangeWorth } from "../lib/math";
import { useIndexes } from "./indexes";
import { useLogs } from "./logs";

const LOCKED = getAbiItem({ abi: lpLockerAbi, name: "PositionLocked" });
const V2 = 1;
const LIVE = { refetchInterval: 12_000 } as const;
const MOST = 50; // positions of a wallet that are looked at

const RANGE = "address token0,address token1,uint24 fee,int24 tickLower,int24 tickUpper";
const REST = "uint128 liquidity,uint256,uint256,uint128,uint128";

export const positionsAbi = parseAbi([
  "function balanceOf(address) view returns (uint256)",
  "function tokenOfOwnerByIndex(address,uint256) view returns (uint256)",
  `function positions(uint256) view returns (uint96,address,${RANGE},${REST})`,
  "function approve(address,uint256)",
]);

export interface LockPool {
  pool: Address;
  kind: number;
  token0: Address;
  token1: Address;
  removed: boolean;
}

/** A v3 position in the locker, and what it is worth at fair prices, D18 dollars; undefined where one is missing. */
export interface LockedPosition {
  id: bigint;
  pool: Address;
  liquidity: bigint;
  maturesAt: bigint;
  dollars: bigint | undefined;
}

/** What an account has of a v2 pool, in the locker and in the wallet, {lp}. */
export interface LpStake {
  pool: LockPool;
  locked: bigint;
  cooling: bigint;
  maturesAt: bigint;
  matured: bigint;
  held: bigint;
  dollars: bigint | undefined;
}

/** Pools whose liquidity can be locked, or could once. */
export function useLockPools(): LockPool[] | undefined {
  const config = useConfig();
  const at = { address: contract(config, "LpLocker"), abi: lpLockerAbi } as const;
  const { data: pools } = useReadContract({ ...at, functionName: "pools", query: { staleTime: 60_000 } });
  const { data } = useReadContracts({
    allowFailure: false,
    contracts: (pools ?? []).map((pool) => ({ ...at, functionName: "poolOf", args: [pool] }) as const),
    query: { enabled: !!pools?.length, staleTime: 60_000 },
  });
  if (pools?.length === 0) return [];
  return (
    data &&
    pools?.map((pool, i) => ({
      pool,
      kind: data[i]?.kind ?? 0,
      token0: data[i]!.token0,
      token1: data[i]!.token1,
      removed: (data[i]?.removedAt ?? 0n) > 0n,
    }))
  );
}

/**
 * Everything that an account has locked, with its worth: twice the liquidity times the root of both fair prices
 * (docs/locker-math.md).
 */
export function useLocked(
  who: Address,
): { pools: LockPool[]; positions: LockedPosition[]; stakes: LpStake[] } | undefined {
  const config = useConfig();
  const at = { address: contract(config, "LpLocker"), abi: lpLockerAbi } as const;
  const pools = useLockPools();
  const priceOf = useFairPrices(pools ?? []);
  const logs = useLogs("locks", at.address, [LOCKED], { owner: who });
  const ids = [...new Set((logs.data ?? []).map((log) => log.args.tokenId ?? 0n))];
  const { data: found } = useReadContracts({
    allowFailure: false,
    contracts: ids.map((id) => ({ ...at, functionName: "positionOf", args: [id] }) as const),
    query: { enabled: ids.length > 0, ...LIVE },
  });
  const pairs = (pools ?? []).filter((pool) => pool.kind === V2);
  const { data: stakes } = useReadContracts({
    allowFailure: false,
    contracts: pairs.map(({ pool }) => ({ ...at, functionName: "stakeOf", args: [who, pool] }) as const),
    query: { enabled: pairs.length > 0, ...LIVE },
  });
  const { data: held } = useReadContracts({
    allowFailure: false,
    contracts: pairs.map(
      ({ pool }) => ({ address: pool, abi: erc20Abi, functionName: "balanceOf", args: [who] }) as const,
    ),
    query: { enabled: pairs.length > 0, ...LIVE },
  });
  if (!pools || logs.isPending) return undefined;

  const worthOf = (pool: LockPool | undefined, liquidity: bigint): bigint | undefined => {
    const [one, other] = pool ? [priceOf(pool.token0), priceOf(pool.token1)] : [undefined, undefined];
    return one && other ? fullRangeWorth(liquidity, one, other) : undefined;
  };
  return {
    pools,
    positions: ids.flatMap((id, i) => {
      const position = found?.[i];
      if (position?.owner.toLowerCase() !== who.toLowerCase()) return [];
      const pool = pools.find((one) => one.pool === position.pool);
      return [
        {
          id,
          pool: position.pool,
          liquidity: position.liquidity,
          maturesAt: position.maturesAt,
          dollars: worthOf(pool, position.liquidity),
        },
      ];
    }),
    stakes: pairs.flatMap((pool, i) => {
      const stake = stakes?.[i];
      if (!stake) return [];
      const { locked, cooling, maturesAt, matured } = stake;
      return [
        {
          pool,
          locked,
          cooling,
          maturesAt,
          matured,
          held: held?.[i] ?? 0n,
          dollars: worthOf(pool, stake.liquidity + stake.coolingLiquidity),
        },
      ];
    }),
  };
}

/** The wallet's own full positions that hold an index. */
export function useOwnPositions(who: Address): { id: bigint; token0: Address; token1: Address }[] {
  const config = useConfig();
  const nft = { address: config.external.positionManager, abi: positionsAbi } as const;
  const { data: count } = useReadContract({ ...nft, functionName: "balanceOf", args: [who], query: LIVE });
  const { data: ids } = useReadContracts({
    allowFailure: false,
    contracts: [...Array(Math.min(Number(count ?? 0n), MOST)).keys()].map(
      (i) => ({ ...nft, functionName: "tokenOfOwnerByIndex", args: [who, BigInt(i)] }) as const,
    ),
    query: { enabled: !!count, ...LIVE },
  });
  const { data } = useReadContracts({
    allowFailure: false,
    contracts: (ids ?? []).map((id) => ({ ...nft, functionName: "positions", args: [id] }) as const),
    query: { enabled: !!ids?.length },
  });
  if (!count) return [];
  const indexes = new Set(Object.values(config.indexes).map((each) => each.toLowerCase()));
  return (ids ?? []).flatMap((id, i) => {
    const position = data?.[i];
    if (!position || position[7] === 0n) return [];
    const [token0, token1] = [position[2], position[3]];
    return indexes.has(token0.toLowerCase()) || indexes.has(token1.toLowerCase()) ? [{ id, token0, token1 }] : [];
  });
}

/** Dollars and decimals of the tokens of pools: an index at its NAV, the rest by the oracle. */
function useFairPrices(pools: LockPool[]): (token: Address) => { price: bigint; decimals: number } | undefined {
  const config = useConfig();
  const { data: indexes } = useIndexes();
  const tokens = [...new Set(pools.flatMap((pool) => [pool.token0, pool.token1]))];
  const others = tokens.filter(
    (token) => !Object.values(config.indexes).some((index) => index.toLowerCase() === token.toLowerCase()),
  );
  const { data } = useReadContracts({
    allowFailure: true,
    contracts: others.flatMap((token) => [
      {
        address: contract(config, "PriceOracle"),
        abi: priceOracleAbi,
        functionName: "tryPrice",
        args: [token],
      } as const,
      { address: token, abi: erc20Abi, functionName: "decimals" } as const,
    ]),
    query: { enabled: others.length > 0, refetchInterval: 30_000 },
  });
  return (token) => {
    const index = indexes?.find((one) => one.index.toLowerCase() === token.toLowerCase());
    if (index) return index.priced ? { price: index.sharePrice, decimals: 18 } : undefined;
    const i = others.indexOf(token);
    const [priced, decimals] = [
      data?.[2 * i]?.result as readonly [boolean, bigint] | undefined,
      data?.[2 * i + 1]?.result as number | undefined,
    ];
    return priced?.[0] && decimals !== undefined ? { price: priced[1], decimals } : undefined;
  };
}
