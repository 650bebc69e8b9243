import type { Abi, Address } from "viem";
import { useReadContracts } from "wagmi";

import { contract, nameOf } from "../chain/config";
import { useConfig } from "../chain/context";
import { usePots } from "../data/past";
import { pointsLedgerAbi } from "../generated/abis";
import { amount, date, DAY, duration, points, short } from "../lib/format";
import type { Action } from "../write/useAction";
import { Button, Card, Table } from "./kit";

const abi = pointsLedgerAbi as Abi;
const RECORDING = 7 * DAY;

/** Past epochs with what was recorded, and the pots that pay for them. */
export function Epochs({ who, epoch, genesis, length, now, joined, action }: { who: Address; epoch: bigint; genesis: bigint; length: bigint; now: number; joined: boolean; action: Action }) {
  const config = useConfig();
  const ledger = { address: contract(config, "PointsLedger"), abi: pointsLedgerAbi } as const;
  const epochs = [1n, 2n, 3n, 4n, 5n, 6n].map((back) => epoch - back).filter((each) => each >= 0n);
  const { data } = useReadContracts({
    allowFailure: true,
    contracts: epochs.flatMap((each) => [
      { ...ledger, functionName: "pointsOf", args: [who, each] } as const,
      { ...ledger, functionName: "recordedPoints", args: [who, each] } as const,
    ]),
    query: { refetchInterval: 30_000 },
  });
  const { data: known = [] } = usePots();
  const { data: owed } = useReadContracts({
    allowFailure: true,
    contracts: known.flatMap((pot) => [
      { ...ledger, functionName: "claimable", args: [who, pot.epoch, pot.token] } as const,
      { ...ledger, functionName: "potOf", args: [pot.epoch, pot.token] } as const,
    ]),
    query: { enabled: known.length > 0, refetchInterval: 30_000 },
  });
  const decimals = (token: string) => config.tokens.find((one) => one.address.toLowerCase() === token.toLowerCase())?.decimals ?? 18;
  const end = (each: bigint) => Number(genesis + (each + 1n) * length);
  return (
    <>
      <Card title="Past epochs">
        <Table
          caption="Your past epochs"
          head={["Epoch", "Ended", "Points", "Recorded, bonuses included", ""]}
          empty="No epoch has ended yet."
          rows={epochs.map((each, i) => {
            const had = (data?.[2 * i]?.result as bigint | undefined) ?? 0n;
            const recorded = (data?.[2 * i + 1]?.result as bigint | undefined) ?? 0n;
            const open = now < end(each) + RECORDING;
            return [
              `No. ${each}`,
              date(end(each)),
              points(had),
              points(recorded),
              recorded === 0n && had > 0n && open && joined ? (
                <Button key="b" kind="plain" busy={action.busy} onClick={() => void action.run({ title: `Record epoch ${each}`, address: ledger.address, abi, functionName: "record", args: [who, each] })}>
                  Record yourself, {duration(end(each) + RECORDING - now)} left
                </Button>
              ) : (
                ""
              ),
            ];
          })}
        />
      </Card>
      <Card title="Pots">
        <Table
          caption="Reward pots"
          head={["Epoch", "Token", "In the pot", "Yours", ""]}
          empty="There is no pot yet."
          rows={known.map((pot, i) => {
            const yours = (owed?.[2 * i]?.result as bigint | undefined) ?? 0n;
            const [funded] = (owed?.[2 * i + 1]?.result as readonly [bigint, bigint] | undefined) ?? [0n, 0n];
            const opens = end(pot.epoch) + RECORDING;
            const token = nameOf(config, pot.token) ?? short(pot.token);
            return [
              `No. ${pot.epoch}`,
              token,
              amount(funded, decimals(pot.token)),
              amount(yours, decimals(pot.token)),
              yours > 0n && now >= opens ? (
                <Button key="b" kind="plain" busy={action.busy} onClick={() => void action.run({ title: `Claim ${token} of epoch ${pot.epoch}`, address: ledger.address, abi, functionName: "claim", args: [pot.epoch, pot.token] })}>
                  Claim {token}
                </Button>
              ) : now < opens ? (
                `opens ${date(opens)}`
              ) : (
                ""
              ),
            ];
          })}
        />
      </Card>
    </>
  );
}
