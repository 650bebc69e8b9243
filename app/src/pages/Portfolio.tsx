import { Link } from "react-router";
import { type Abi, type Address, erc20Abi, parseAbiItem, zeroAddress } from "viem";
import { useAccount, useReadContract, useReadContracts } from "wagmi";

import { contract } from "../chain/config";
import { useConfig } from "../chain/context";
import { useIndexes } from "../data/indexes";
import { useLocked, useLockPools } from "../data/locked";
import { useLogs } from "../data/logs";
import { usePrice } from "../data/quote";
import { useStakes } from "../data/staking";
import { indexTokenAbi, pointsLedgerAbi } from "../generated/abis";
import { amount, multiplier, percent, points, short, usd } from "../lib/format";
import { worth } from "../lib/math";
import { Button, Card, Countdown, Note, Page, Skeleton, Stat, Stats, Table, Tx } from "../ui/kit";
import { Progress } from "../ui/Progress";
import { useAction } from "../write/useAction";

const TRANSFER = parseAbiItem("event Transfer(address indexed from, address indexed to, uint256 value)");

/** What one has, what it is worth, and what happened. */
export default function Portfolio() {
  const { address } = useAccount();
  if (!address) {
    return (
      <Page title="Portfolio">
        <Note title="Connect a wallet to see what you have." />
      </Page>
    );
  }
  return <Mine who={address} />;
}

function Mine({ who }: { who: Address }) {
  const config = useConfig();
  const { data: indexes } = useIndexes();
  const { data: stakes } = useStakes();
  const soso = usePrice(config.external.soso);
  const ledger = { address: contract(config, "PointsLedger"), abi: pointsLedgerAbi } as const;
  const { data: epoch } = useReadContract({ ...ledger, functionName: "currentEpoch" });
  const { data: statement } = useReadContract({
    ...ledger,
    functionName: "statement",
    args: [who, epoch ?? 0n],
    query: { enabled: epoch !== undefined, retry: false },
  });
  const tokens = indexes ?? [];
  const { data: held } = useReadContracts({
    allowFailure: false,
    contracts: tokens.map(
      (index) => ({ address: index.index, abi: indexTokenAbi, functionName: "balanceOf", args: [who] }) as const,
    ),
    query: { enabled: tokens.length > 0, refetchInterval: 12_000 },
  });
  const { data: claims } = useReadContracts({
    allowFailure: false,
    contracts: tokens.flatMap((index) =>
      index.constituents.map(
        (c) => ({ address: index.index, abi: indexTokenAbi, functionName: "claimOf", args: [c.token, who] }) as const,
      ),
    ),
    query: { enabled: tokens.length > 0, refetchInterval: 30_000 },
  });
  const locked = useLocked(who);
  if (!indexes || !stakes || !held) return <Skeleton lines={8} />;

  const priceOf = (symbol: string) =>
    symbol === "SOSO" ? soso : (indexes.find((index) => index.symbol === symbol)?.sharePrice ?? 0n);
  const holdings = indexes.map((index, i) => ({
    index,
    shares: held[i] ?? 0n,
    dollars: worth(held[i] ?? 0n, 18, index.sharePrice),
  }));
  const staked = stakes.map((stake) => ({ ...stake, dollars: worth(stake.assets, 18, priceOf(stake.symbol)) }));
  const cooling = stakes.map((stake) => {
    const assets = stake.exit.coolingAssets + stake.exit.claimableAssets;
    return { ...stake, left: assets, dollars: worth(assets, 18, priceOf(stake.symbol)) };
  });
  const liquidity = [
    ...(locked?.positions ?? []).map((one) => ({
      name: `Position ${one.id}`,
      leaves: one.maturesAt,
      dollars: one.dollars ?? 0n,
    })),
    ...(locked?.stakes ?? [])
      .filter((one) => one.locked + one.cooling > 0n)
      .map((one) => ({
        name: `LP tokens of ${short(one.pool.pool)}`,
        leaves: one.maturesAt,
        dollars: one.dollars ?? 0n,
      })),
  ];
  const owed: { symbol: string; name: string; value: string; dollars: bigint }[] = [];
  let at = 0;
  for (const index of indexes) {
    for (const c of index.constituents) {
      const claim = claims?.[at++] ?? 0n;
      if (claim > 0n)
        owed.push({
          symbol: index.symbol,
          name: c.symbol,
          value: amount(claim, c.decimals),
          dollars: worth(claim, c.decimals, c.price),
        });
    }
  }
  const sum = (list: { dollars: bigint }[]) => list.reduce((total, one) => total + one.dollars, 0n);
  const total = sum(holdings) + sum(staked) + sum(cooling) + sum(liquidity) + sum(owed);
  return (
    <Page title="Portfolio">
      <Card>
        <Stats>
          <Stat label="Worth together" value={usd(total)} />
          <Stat label="Held" value={usd(sum(holdings))} />
          <Stat label="Staked" value={usd(sum(staked))} />
          <Stat label="Cooling down or ready" value={usd(sum(cooling))} />
          <Stat label="Locked liquidity" value={usd(sum(liquidity))} />
          <Stat label="Open claims" value={usd(sum(owed))} />
        </Stats>
      </Card>
      <Card title="Held">
        <Table
          caption="Index tokens that you hold"
          head={["Index", "Shares", "Price", "Worth"]}
          empty="You hold no index token."
          rows={holdings
            .filter((one) => one.shares > 0n)
            .map(({ index, shares, dollars }) => [
              <Link key="l" className="underline" to={`/index/${index.symbol}`}>
                {index.symbol}
              </Link>,
              amount(shares, 18),
              usd(index.sharePrice),
              usd(dollars),
            ])}
        />
      </Card>
      <Card title="Staked and cooling down">
        <Table
          caption="What you have staked"
          head={["Token", "Staked", "APR now", "Worth", "Cooling down", "Ready"]}
          empty="You have nothing staked."
          rows={staked
            .filter((one) => one.shares > 0n || one.exit.coolingAssets > 0n || one.exit.claimableAssets > 0n)
            .map((one) => [
              <Link key="l" className="underline" to={`/stake/${one.symbol}`}>
                s{one.symbol}
              </Link>,
              amount(one.assets, 18),
              percent(one.apr),
              usd(one.dollars),
              one.exit.coolingAssets > 0n ? (
                <span key="c">
                  {amount(one.exit.coolingAssets, 18)}, <Countdown until={Number(one.exit.maturesAt)} />
                </span>
              ) : (
                "–"
              ),
              amount(one.exit.claimableAssets, 18),
            ])}
        />
      </Card>
      {liquidity.length > 0 && (
        <Card title="Locked liquidity">
          <Table
            caption="Liquidity that you have locked"
            head={["What", "Worth", "State"]}
            rows={liquidity.map((one) => [
              <Link key="l" className="underline" to="/points">
                {one.name}
              </Link>,
              usd(one.dollars),
              one.leaves === 0n ? "locked" : <Countdown key="c" until={Number(one.leaves)} />,
            ])}
          />
        </Card>
      )}
      {owed.length > 0 && (
        <Card title="Open claims">
          <Table
            caption="Claims on broken constituents"
            head={["Index", "Constituent", "Owed", "Worth", ""]}
            rows={owed.map((claim) => [
              claim.symbol,
              claim.name,
              claim.value,
              usd(claim.dollars),
              <Link key="l" className="text-accent underline" to={`/trade/${claim.symbol}`}>
                Collect
              </Link>,
            ])}
          />
        </Card>
      )}
      <Card title="Points of this epoch" aside={epoch === undefined ? undefined : `epoch ${epoch}`}>
        {statement ? (
          <Stats>
            <Stat
              label="Points until now"
              value={points(statement.points)}
              hint={statement.counts ? "you have joined" : "join, or they do not count"}
            />
            <Stat
              label="Effective multiplier"
              value={statement.multiplier === 0n ? "–" : multiplier(statement.multiplier)}
            />
          </Stats>
        ) : (
          <p className="text-sm text-muted">No points yet.</p>
        )}
      </Card>
      <Activity who={who} />
      <Approvals who={who} />
    </Page>
  );
}

function Activity({ who }: { who: Address }) {
  const config = useConfig();
  const addresses = [...Object.values(config.indexes), ...Object.values(config.staked)];
  const came = useLogs("came", addresses, [TRANSFER], { to: who });
  const went = useLogs("went", addresses, [TRANSFER], { from: who });
  const names = new Map([
    ...Object.entries(config.indexes).map(([name, at]) => [at.toLowerCase(), name] as const),
    ...Object.entries(config.staked).map(([name, at]) => [at.toLowerCase(), `s${name}`] as const),
  ]);
  const all = [
    ...(came.data ?? []).map((log) => ({ log, sign: "+" })),
    ...(went.data ?? []).map((log) => ({ log, sign: "−" })),
  ];
  const recent = all.sort((a, b) => Number((b.log.blockNumber ?? 0n) - (a.log.blockNumber ?? 0n))).slice(0, 50);
  const what = (sign: string, from?: string, to?: string) =>
    sign === "+" ? (from === zeroAddress ? "minted" : "received") : to === zeroAddress ? "burnt" : "sent";
  return (
    <Card title="Activity">
      <Table
        caption="Your transfers, newest first"
        head={["Token", "What", "Amount", "Block", "Transaction"]}
        empty="Nothing has happened yet."
        rows={recent.map(({ log, sign }) => [
          names.get(log.address.toLowerCase()) ?? log.address,
          what(sign, log.args.from, log.args.to),
          `${sign}${amount(log.args.value ?? 0n, 18)}`,
          String(log.blockNumber),
          <Tx key="tx" hash={log.transactionHash} />,
        ])}
      />
    </Card>
  );
}

function Approvals({ who }: { who: Address }) {
  const config = useConfig();
  const action = useAction();
  const { data: indexes } = useIndexes();
  const pools = useLockPools() ?? [];
  const [router, locker, rebalancer] = [
    contract(config, "IndexRouter"),
    contract(config, "LpLocker"),
    contract(config, "Rebalancer"),
  ];
  const list = [
    ...config.tokens.flatMap((token) => [
      { name: token.symbol, token: token.address, spender: router, to: "the router", decimals: token.decimals },
      {
        name: token.symbol,
        token: token.address,
        spender: config.external.permit2,
        to: "Permit2",
        decimals: token.decimals,
      },
      { name: token.symbol, token: token.address, spender: rebalancer, to: "the rebalancer", decimals: token.decimals },
    ]),
    ...(indexes ?? []).flatMap((index) =>
      index.constituents.map((c) => ({
        name: c.symbol,
        token: c.token,
        spender: index.index,
        to: index.symbol,
        decimals: c.decimals,
      })),
    ),
    ...Object.entries(config.indexes).flatMap(([name, token]) => [
      { name, token, spender: router, to: "the router", decimals: 18 },
      ...(config.staked[name] ? [{ name, token, spender: config.staked[name], to: `s${name}`, decimals: 18 }] : []),
    ]),
    ...(config.staked["SOSO"]
      ? [{ name: "SOSO", token: config.external.soso, spender: config.staked["SOSO"], to: "sSOSO", decimals: 18 }]
      : []),
    ...pools.map(({ pool }) => ({
      name: `LP tokens of ${short(pool)}`,
      token: pool,
      spender: locker,
      to: "the locker",
      decimals: 18,
    })),
  ];
  const { data } = useReadContracts({
    allowFailure: true,
    contracts: list.map(
      ({ token, spender }) =>
        ({ address: token, abi: erc20Abi, functionName: "allowance", args: [who, spender] }) as const,
    ),
    query: { refetchInterval: 30_000 },
  });
  const open = list
    .map((one, i) => ({ ...one, allowed: (data?.[i]?.result as bigint | undefined) ?? 0n }))
    .filter((one) => one.allowed > 0n);
  return (
    <Card title="Approvals that you have given">
      <Table
        caption="Approvals"
        head={["Token", "To", "Amount", ""]}
        empty="None. Signatures are used instead where a token knows them."
        rows={open.map((one) => [
          one.name,
          one.to,
          one.allowed > 2n ** 128n ? "unlimited" : amount(one.allowed, one.decimals),
          <Button
            key="b"
            kind="plain"
            busy={action.busy}
            onClick={() =>
              void action.run({
                title: `Revoke ${one.name} from ${one.to}`,
                address: one.token,
                abi: erc20Abi as Abi,
                functionName: "approve",
                args: [one.spender, 0n],
              })
            }
          >
            Revoke {one.name}
          </Button>,
        ])}
      />
      <div className="mt-3">
        <Progress action={action} />
      </div>
    </Card>
  );
}
