import { useState } from "react";
import { type Abi, type Address, erc20Abi, zeroAddress } from "viem";
import { useAccount, useReadContract, useReadContracts } from "wagmi";

import { contract } from "../chain/config";
import { useConfig } from "../chain/context";
import { useIndexes } from "../data/indexes";
import { useLocked } from "../data/locked";
import { useNow } from "../data/logs";
import { useRecorded } from "../data/past";
import { useMaybePrice } from "../data/quote";
import { useStakes } from "../data/staking";
import { pointsLedgerAbi } from "../generated/abis";
import { BOOST, HELD, LOCKED, STAKED, WAD } from "../generated/constants";
import { amount, date, multiplier, points, short, usd } from "../lib/format";
import { effective, pointsADay, worth } from "../lib/math";
import { Epochs } from "../ui/Epochs";
import { Liquidity } from "../ui/Liquidity";
import { Button, Card, Countdown, Note, Page, Rows, Skeleton, Stat, Stats, Table } from "../ui/kit";
import { Progress } from "../ui/Progress";
import { NeedsWallet } from "../ui/Wallet";
import { useAction } from "../write/useAction";

const [HELD_MOST, STAKED_MOST, LOCKED_MOST] = [HELD, STAKED, LOCKED].map((base) => base * (1 + BOOST));
const LEAD =
  `Holding an index earns ${HELD} points a dollar and day, staking ${STAKED}, locking its liquidity ${LOCKED}. ` +
  `Staked SOSO lifts each of them up to elevenfold: ${HELD_MOST}, ${STAKED_MOST} and ${LOCKED_MOST}.`;

const abi = pointsLedgerAbi as Abi;

/** Points of the running epoch, what SOSO would add, locked liquidity, past epochs and pots. */
export default function Points() {
  const config = useConfig();
  const { address } = useAccount();
  const action = useAction();
  const now = useNow();
  const who = address ?? zeroAddress;
  const ledger = { address: contract(config, "PointsLedger"), abi: pointsLedgerAbi } as const;
  const { data, isPending } = useReadContracts({
    allowFailure: false,
    contracts: [
      { ...ledger, functionName: "currentEpoch" },
      { ...ledger, functionName: "epochGenesis" },
      { ...ledger, functionName: "epochLength" },
      { ...ledger, functionName: "joinedAt", args: [who] },
    ],
    query: { refetchInterval: 30_000 },
  });
  if (isPending || !data) return <Skeleton lines={8} />;
  const [epoch, genesis, length, joinedAt] = data;
  const start = Number(genesis + epoch * length);
  return (
    <Page title="Points and boost" lead={LEAD}>
      <Card>
        <Stats>
          <Stat label="Epoch" value={`No. ${epoch}`} hint={`began ${date(start)}`} />
          <Stat label="Ends in" value={<Countdown until={start + Number(length)} />} />
          <Stat
            label="You"
            value={joinedAt > 0n ? "joined" : "have not joined"}
            hint={joinedAt > 0n ? date(joinedAt) : "points count from the epoch in which you join"}
          />
        </Stats>
        {joinedAt === 0n && (
          <div className="mt-4">
            <NeedsWallet>
              <Button
                busy={action.busy}
                onClick={() =>
                  void action.run({ title: "Join", address: ledger.address, abi, functionName: "join", args: [] })
                }
              >
                Join
              </Button>
            </NeedsWallet>
          </div>
        )}
      </Card>
      <Progress action={action} />
      {address && <Live who={address} epoch={epoch} />}
      <Boost who={who} />
      {address && <Liquidity who={address} />}
      <Epochs
        who={who}
        epoch={epoch}
        genesis={genesis}
        length={length}
        now={now}
        joined={joinedAt > 0n}
        action={action}
      />
      <Leaderboard epoch={epoch} />
    </Page>
  );
}

function Live({ who, epoch }: { who: Address; epoch: bigint }) {
  const config = useConfig();
  const { data } = useReadContract({
    address: contract(config, "PointsLedger"),
    abi: pointsLedgerAbi,
    functionName: "statement",
    args: [who, epoch],
    query: { refetchInterval: 12_000, retry: false },
  });
  if (!data) return null;
  const classes = [
    ["Held", data.held],
    ["Staked", data.staked],
    ["Locked liquidity", data.locked],
  ] as const;
  return (
    <Card title="Your points of this epoch, until now" aside={`${points(data.points)} points`}>
      <Table
        caption="Points by class"
        head={["Class", "Dollar-days", "Lifted by SOSO", "Multiplier", "Points"]}
        rows={classes.map(([name, c]) => [
          name,
          amount(c.value, 18),
          amount(c.boosted, 18),
          multiplier(c.multiplier),
          points(c.points),
        ])}
      />
      {data.sosoMissing > 0n && (
        <p className="mt-2 text-sm text-muted">
          {amount(data.sharesMissing, 18)} more staked SOSO, held all epoch until now, would have lifted everything to
          the full boost.
        </p>
      )}
    </Card>
  );
}

function Boost({ who }: { who: Address }) {
  const { data: indexes } = useIndexes();
  const { data: stakes } = useStakes();
  const locked = useLocked(who);
  const config = useConfig();
  const price = useMaybePrice(config.external.soso);
  const { data: held } = useReadContracts({
    allowFailure: false,
    contracts: (indexes ?? []).map(
      (index) => ({ address: index.index, abi: erc20Abi, functionName: "balanceOf", args: [who] }) as const,
    ),
    query: { enabled: who !== zeroAddress && !!indexes },
  });
  const [more, setMore] = useState(50);
  if (!indexes || !stakes) return null;

  const priceOf = (symbol: string) => indexes.find((index) => index.symbol === symbol)?.sharePrice ?? 0n;
  const real = {
    held: indexes.reduce((sum, index, i) => sum + worth(held?.[i] ?? 0n, 18, index.sharePrice), 0n),
    staked: stakes.reduce(
      (sum, stake) => (stake.symbol === "SOSO" ? sum : sum + worth(stake.assets, 18, priceOf(stake.symbol))),
      0n,
    ),
    locked: (locked?.positions ?? []).reduce((sum, one) => sum + (one.maturesAt === 0n ? (one.dollars ?? 0n) : 0n), 0n),
    soso: worth(stakes.find((stake) => stake.symbol === "SOSO")?.assets ?? 0n, 18, price ?? 0n),
  };
  const example = real.held + real.staked + real.locked === 0n;
  const base = example ? { held: 0n, staked: 1_000n * WAD, locked: 0n, soso: 0n } : real;
  const total = base.held + base.staked + base.locked;
  const soso = base.soso + (total * BigInt(more)) / 100n;
  const lifted = { ...base, soso };
  const tokens = !price ? 0n : ((soso - base.soso) * WAD) / price;
  return (
    <Card
      title="How much SOSO lifts it to what"
      aside={example ? "example: 1,000 dollars staked" : "from what you have now"}
    >
      <label className="block text-sm" htmlFor="boost">
        More staked SOSO, as a part of what you hold and stake: {more} %
      </label>
      <input
        id="boost"
        type="range"
        min={0}
        max={100}
        value={more}
        onChange={(event) => setMore(Number(event.target.value))}
        className="mt-2 w-full accent-[var(--accent)]"
      />
      <Rows
        rows={[
          [
            "Staked SOSO more",
            price === undefined
              ? "…"
              : price === 0n
                ? `${usd(soso - base.soso)} (SOSO has no price now)`
                : `${amount(tokens, 18)} SOSO, ${usd(soso - base.soso)}`,
          ],
          ["Effective multiplier", `${multiplier(effective(base))} becomes ${multiplier(effective(lifted))}`],
          ["Points a day", `${points(pointsADay(base))} becomes ${points(pointsADay(lifted))}`],
        ]}
      />
    </Card>
  );
}

function Leaderboard({ epoch }: { epoch: bigint }) {
  const last = epoch > 0n ? epoch - 1n : 0n;
  const { data: rows = [] } = useRecorded(last, 25);
  return (
    <Card title="Leaderboard" aside={`epoch ${last}, before bonuses`}>
      <Table
        caption="Accounts with most points in the last epoch"
        head={["Rank and account", "Points"]}
        empty="No account is recorded yet."
        rows={rows.map((row, i) => [`${i + 1}. ${short(row.account)}`, points(row.points)])}
      />
      {rows.length === 0 && (
        <Note title="Recording opens when an epoch ends, for seven days. Every account can record every other." />
      )}
    </Card>
  );
}
