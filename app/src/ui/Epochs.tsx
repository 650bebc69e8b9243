import type { Abi, Address } from "viem";
import { useReadContracts } from "wagmi";

import { contract, nameOf } from "../chain/config";
import { useConfig } from "../chain/context";
import { usePots } from "../data/past";
import { pointsLedgerAbi } from "../generated/abis";
import { RECORDING } from "../generated/constants";
import { amount, date, duration, points, short } from "../lib/format";
import type { Action } from "../write/useAction";
import { Button, Card, Table } from "./kit";

const abi = pointsLedgerAbi as Abi;

/** Past epochs with what was recorded, and the pots that pay for them. Recording takes along what can be claimed. */
export function Epochs({
  who,
  epoch,
  genesis,
  length,
  now,
  joined,
  action,
}: {
  who: Address;
  epoch: bigint;
  genesis: bigint;
  length: bigint;
  now: number;
  joined: boolean;
  action: Action;
}) {
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
      { ...ledger, functionName: "recorderPart", args: [pot.epoch, pot.token] } as const,
    ]),
    query: { enabled: known.length > 0, refetchInterval: 30_000 },
  });
  const decimals = (token: string) =>
    config.tokens.find((one) => one.address.toLowerCase() === token.toLowerCase())?.decimals ?? 18;
  const end = (each: bigint) => Number(genesis + (each + 1n) * length);
  const opens = (each: bigint) => end(each) + RECORDING;
  const pot = (i: number) => {
    const [yours, pot, part] = [0, 1, 2].map((which) => owed?.[3 * i + which]?.result);
    return {
      yours: (yours as bigint | undefined) ?? 0n,
      funded: (pot as readonly [bigint, bigint] | undefined)?.[0] ?? 0n,
      part: (part as bigint | undefined) ?? 0n,
    };
  };
  const due = known.filter((each, i) => pot(i).yours > 0n && now >= opens(each.epoch));
  // Any account may fund a pot with any token. One that does not move would stop the record along with the claims, so
  // only tokens that have a name here are taken along; the others have a button of their own.
  const along = due.filter((each) => nameOf(config, each.token) !== null);
  const record = (each: bigint) =>
    along.length === 0
      ? action.run({
          title: `Record epoch ${each}`,
          address: ledger.address,
          abi,
          functionName: "record",
          args: [who, each],
        })
      : action.run({
          title: `Record epoch ${each} and claim ${along.length === 1 ? "a pot" : `${along.length} pots`}`,
          address: ledger.address,
          abi,
          functionName: "recordAndClaim",
          args: [each, along.map((one) => one.epoch), along.map((one) => one.token)],
        });
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
            const open = now < opens(each);
            return [
              `No. ${each}`,
              date(end(each)),
              points(had),
              points(recorded),
              recorded === 0n && had > 0n && open && joined ? (
                <Button key="b" kind="plain" busy={action.busy} onClick={() => void record(each)}>
                  {`${along.length === 0 ? "Record yourself" : "Record yourself and claim"}, `}
                  {`${duration(opens(each) - now)} left`}
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
          head={["Epoch", "Token", "In the pot", "Of it for recorders", "Yours", ""]}
          empty="There is no pot yet."
          rows={known.map((each, i) => {
            const { yours, funded, part } = pot(i);
            const token = nameOf(config, each.token) ?? short(each.token);
            return [
              `No. ${each.epoch}`,
              token,
              amount(funded, decimals(each.token)),
              amount(part, decimals(each.token)),
              amount(yours, decimals(each.token)),
              due.includes(each) ? (
                <Button
                  key="b"
                  kind="plain"
                  busy={action.busy}
                  onClick={() =>
                    void action.run({
                      title: `Claim ${token} of epoch ${each.epoch}`,
                      address: ledger.address,
                      abi,
                      functionName: "claim",
                      args: [each.epoch, each.token],
                    })
                  }
                >
                  Claim {token}
                </Button>
              ) : now < opens(each.epoch) ? (
                `opens ${date(opens(each.epoch))}`
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
