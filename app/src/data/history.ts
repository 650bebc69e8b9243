import type { Address } from "viem";
import { useReadContracts } from "wagmi";

import { contract } from "../chain/config";
import { useConfig } from "../chain/context";
import { referencePricesAbi } from "../generated/abis";
import { SLOTS } from "../generated/constants";
import { usePast } from "./indexer";
import { samplesFrom } from "./past";

export interface Sample {
  /** Unix seconds, the start of the day of the sample */
  time: number;
  /** D18 dollars */
  sharePrice: bigint;
}

const EPOCHS = 6;

/** The samples of past epochs as points in time, oldest first. A day without a sample is left out. */
export function samplesInTime(
  epochs: readonly bigint[],
  samples: readonly (readonly bigint[])[],
  genesis: bigint,
  length: bigint,
): Sample[] {
  return epochs.flatMap((epoch, i) => {
    const slots = samples[i] ?? [];
    const start = Number(genesis + epoch * length);
    return slots.flatMap((sharePrice, slot) =>
      sharePrice === 0n ? [] : [{ time: start + (slot * Number(length)) / slots.length, sharePrice }],
    );
  });
}

/**
 * Share price of an index, day by day: the samples that the points' reference prices keep on chain, or the indexer's
 * copy of them. Needs no endpoint with old states.
 */
export function useShareHistory(index: Address | undefined): { data: Sample[] | undefined; isPending: boolean } {
  const config = useConfig();
  const at = { address: contract(config, "ReferencePrices"), abi: referencePricesAbi } as const;
  const grid = useReadContracts({
    allowFailure: false,
    contracts: [
      { ...at, functionName: "currentEpoch" },
      { ...at, functionName: "epochGenesis" },
      { ...at, functionName: "epochLength" },
    ],
    query: { staleTime: 60_000 },
  });
  const [epoch, genesis, length] = grid.data ?? [0n, 0n, 0n];
  const epochs = [...Array(EPOCHS).keys()].map((i) => epoch - BigInt(EPOCHS - 1 - i)).filter((one) => one >= 0n);
  const { data, isPending } = usePast<readonly (readonly bigint[])[]>(
    ["samples", index, epochs.map(String)],
    (url) => samplesFrom(url, index as Address, epochs, SLOTS),
    (client) =>
      client.multicall({
        allowFailure: false,
        contracts: epochs.map((one) => ({ ...at, functionName: "samplesOf", args: [one, index as Address] }) as const),
      }),
    !!index && !!grid.data,
  );
  return { isPending, data: data && samplesInTime(epochs, data, genesis, length) };
}
