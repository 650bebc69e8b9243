import { useMemo } from "react";
import { Link, useParams } from "react-router";
import { getAbiItem } from "viem";

import { contract } from "../chain/config";
import { useConfig } from "../chain/context";
import { useIndex, useRebalance, useWeights } from "../data/indexes";
import { useShareHistory } from "../data/history";
import { useLogs, useNow } from "../data/logs";
import { rebalancerAbi } from "../generated/abis";
import { PHASES, WAD } from "../generated/constants";
import { amount, bp, day, duration, percent, usd, usdShort } from "../lib/format";
import { Auction } from "../ui/Auction";
import { Bar, LineChart } from "../ui/Chart";
import { Depth } from "../ui/Depth";
import { At, Card, Note, Page, Rows, Skeleton, Stat, Stats, Table, Tx } from "../ui/kit";

const REBALANCES = [
  getAbiItem({ abi: rebalancerAbi, name: "RebalanceStarted" }),
  getAbiItem({ abi: rebalancerAbi, name: "RebalanceEnded" }),
] as const;

const spelt = (name: string) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");
const toUsd = (value: number) => `$${value.toFixed(2)}`;

/** One index: what it is worth, what it holds, by which rule, and what its rebalances cost. */
export default function Index() {
  const { symbol } = useParams();
  const { data: index, isPending } = useIndex(symbol);
  if (isPending) return <Skeleton lines={10} />;
  if (!index) return <Note kind="bad" title={`There is no index called ${symbol}.`} />;

  const { terms, staking } = index;
  return (
    <Page title={index.symbol} lead={index.name}>
      {terms.deprecated && (
        <Note kind="warn" title="This index is closed to new money. Redemption and selling work as ever." />
      )}
      {terms.paused && !terms.deprecated && (
        <Note kind="warn" title="Minting is paused. Redemption and selling work as ever." />
      )}
      {!index.priced && (
        <Note kind="warn" title="A price is missing, so NAV leaves that constituent out. Redemption needs no price." />
      )}
      <Card>
        <Stats>
          <Stat label="Share price (NAV)" value={usd(index.sharePrice)} />
          <Stat label="Held in the basket" value={usdShort(index.nav)} />
          <Stat
            label="Supply"
            value={amount(index.totalSupply, 18)}
            hint={`of at most ${amount(terms.supplyCap * WAD, 18)}`}
          />
          <Stat
            label="Staked"
            value={amount(staking.totalAssets, 18)}
            hint={`${percent(staking.currentApr)} a year now`}
          />
        </Stats>
        <p className="mt-4 flex flex-wrap gap-4 text-sm">
          <Link className="text-accent underline underline-offset-4" to={`/trade/${index.symbol}`}>
            Buy or sell
          </Link>
          <Link className="text-accent underline underline-offset-4" to={`/stake/${index.symbol}`}>
            Stake to earn
          </Link>
          <span className="break-all">
            Contract <At address={index.index} name={index.index} />
          </span>
        </p>
      </Card>
      <History address={index.index} />
      <Weights symbol={index.symbol} />
      <Holdings symbol={index.symbol} />
      <Depth index={index} />
      <Rules symbol={index.symbol} />
      <Rebalances symbol={index.symbol} />
    </Page>
  );
}

function History({ address }: { address: `0x${string}` }) {
  const { data, isPending } = useShareHistory(address);
  const points = useMemo(
    () => data?.map((sample) => ({ time: sample.time, value: Number(sample.sharePrice) / 1e18 })) ?? [],
    [data],
  );
  const [first, last] = [data?.[0], data?.[data.length - 1]];
  return (
    <Card title="Share price over time" aside="sampled on chain once a day">
      {isPending ? (
        <Skeleton lines={5} />
      ) : first && last && points.length > 1 ? (
        <>
          <LineChart label="Share price in dollars over time" points={points} format={toUsd} />
          <p className="mt-2 text-sm text-muted">
            From {usd(first.sharePrice)} on {day(first.time)} to {usd(last.sharePrice)} on {day(last.time)}.
          </p>
        </>
      ) : (
        <p className="text-sm text-muted">There are not two samples yet. One a day is taken.</p>
      )}
    </Card>
  );
}

function Weights({ symbol }: { symbol: string }) {
  const { data: index } = useIndex(symbol);
  const { rows } = useWeights(index?.index);
  if (!index) return null;
  const target = (token: string) => rows?.find((row) => row.token.toLowerCase() === token.toLowerCase());
  return (
    <Card
      title="Weights"
      aside={rows ? "against what the methodology wants now" : "the methodology has no price for every constituent now"}
    >
      <Bar
        label={`Weights of ${symbol}`}
        parts={index.constituents.map((c) => ({
          name: c.symbol,
          share: Number(c.weight) / 1e18,
          text: percent(c.weight, 1),
        }))}
      />
      <div className="mt-4">
        <Table
          caption={`Weights of ${symbol}, now and as the methodology wants them`}
          head={["Constituent", "Price", "Value", "Now", "Target", "Drift"]}
          rows={index.constituents.map((c) => {
            const wanted = target(c.token);
            return [
              <At key="at" address={c.token} name={c.symbol || c.token} />,
              c.priced ? usd(c.price) : "no price",
              usd(c.value),
              percent(c.weight),
              wanted ? percent(wanted.target) : "–",
              wanted ? percent(wanted.now - wanted.target) : "–",
            ];
          })}
        />
      </div>
    </Card>
  );
}

function Holdings({ symbol }: { symbol: string }) {
  const { data: index } = useIndex(symbol);
  if (!index) return null;
  const whole = index.constituents.every((c) => c.available >= c.accounted);
  return (
    <Card title="Proof of holdings" aside={whole ? "every balance is covered" : "a constituent is short"}>
      <Table
        caption={`What ${symbol} says it holds, and what is there`}
        head={["Constituent", "Accounted", "Really there", "Set aside for claims", "Covered"]}
        rows={index.constituents.map((c) => [
          <At key="at" address={c.token} name={c.symbol || c.token} holder={index.index} />,
          amount(c.accounted, c.decimals),
          amount(c.available, c.decimals),
          amount(c.claimed, c.decimals),
          c.available >= c.accounted ? "yes" : `short by ${amount(c.accounted - c.available, c.decimals)}`,
        ])}
      />
      <p className="mt-2 text-xs text-muted">
        What is accounted follows from units per share and supply. What is there is each token&apos;s own balance of the
        index contract, less open claims.
      </p>
    </Card>
  );
}

function Rules({ symbol }: { symbol: string }) {
  const config = useConfig();
  const { data: index } = useIndex(symbol);
  const method = config.methodologies[symbol];
  if (!index) return null;
  return (
    <Card title="Rules">
      {method && <p className="mb-3 text-sm">{method.words}</p>}
      <Rows
        rows={[
          ...(method
            ? Object.entries(method.parameters).map(([name, value]): [string, string] => [
                spelt(name),
                /^0?\.\d+$/.test(value) ? `${Number(value) * 100} %` : value,
              ])
            : []),
          [
            "Streaming fee",
            `${percent(index.terms.dailyFee, 3)} a day, ${percent(index.terms.dailyFee * 365n)} a year; ` +
              "never more than 5 %",
          ],
          ["Fee on minting", `${Number(index.terms.mintFee) / 100} %; never more than 1 %`],
          ["Fee on redemption", "none"],
          ["Fees go to stakers", `${Number(index.staking.stakersPart) / 100} %`],
          ["Supply cap", `${amount(index.terms.supplyCap * WAD, 18)} shares`],
          ["May trade the basket", <At key="r" address={index.terms.rebalancer} />],
        ]}
      />
    </Card>
  );
}

function Rebalances({ symbol }: { symbol: string }) {
  const config = useConfig();
  const now = useNow();
  const { data: index } = useIndex(symbol);
  const { data } = useRebalance(index?.index);
  const logs = useLogs("rebalances", contract(config, "Rebalancer"), REBALANCES);
  if (!index) return null;

  const status = data?.[0]?.result;
  const offers = data?.[1]?.result ?? [];
  const started = new Map<string, bigint>();
  const ended: { id: bigint; phase: number; cost: bigint; hash: string }[] = [];
  for (const log of logs.data ?? []) {
    if (log.args.index?.toLowerCase() !== index.index.toLowerCase()) continue;
    if (log.eventName === "RebalanceStarted") started.set(String(log.args.id), log.args.nav ?? 0n);
    else
      ended.push({
        id: log.args.id ?? 0n,
        phase: log.args.phase ?? 0,
        cost: log.args.cost ?? 0n,
        hash: log.transactionHash,
      });
  }
  return (
    <Card
      title="Rebalances"
      aside={status && status.phase === 1 ? `running, ${duration(Number(status.ends) - now)} left` : "none is running"}
    >
      {status && status.phase === 1 && <Auction index={index} status={status} offers={offers} />}
      <div className="mt-4">
        <Table
          caption="Past rebalances and what they cost"
          head={["Rebalance", "Ended", "Cost", "Transaction"]}
          empty="No rebalance has ended yet."
          rows={ended.map((end) => {
            const nav = started.get(String(end.id)) ?? 0n;
            return [
              `No. ${end.id}`,
              PHASES[end.phase] ?? "?",
              nav === 0n ? "–" : bp((end.cost * WAD) / nav),
              <Tx key="tx" hash={end.hash} />,
            ];
          })}
        />
      </div>
    </Card>
  );
}
