import { useState } from "react";
import { type Abi, type Address, erc20Abi, parseAbi, parseAbiItem, zeroAddress } from "viem";
import { useAccount, useReadContract, useReadContracts } from "wagmi";

import { contract, nameOf } from "../chain/config";
import { useConfig } from "../chain/context";
import { useIndexes } from "../data/indexes";
import { useLogs, useNow } from "../data/logs";
import { usePrice } from "../data/quote";
import { useStakes } from "../data/staking";
import { lpLockerAbi, pointsLedgerAbi } from "../generated/abis";
import { amount, DAY, date, duration, multiplier, points, usd, WAD } from "../lib/format";
import { effective, pointsADay, worth } from "../lib/math";
import { Button, Card, Countdown, Note, Page, Rows, Skeleton, Stat, Stats, Table } from "../ui/kit";
import { Progress } from "../ui/Progress";
import { NeedsWallet } from "../ui/Wallet";
import { short } from "../lib/format";
import { type Action, useAction } from "../write/useAction";

const abi = pointsLedgerAbi as Abi;
const locker = lpLockerAbi as Abi;
const RECORDING = 7 * DAY;
const RECORDED = parseAbiItem("event Recorded(uint256 indexed epoch, address indexed account, uint256 points)");
const FUNDED = parseAbiItem("event Funded(uint256 indexed epoch, address indexed token, address indexed funder, uint256 amount)");
const LOCKED = parseAbiItem("event PositionLocked(address indexed owner, uint256 indexed tokenId, address indexed pool, uint256 liquidity)");
const positionsAbi = parseAbi([
  "function balanceOf(address) view returns (uint256)",
  "function tokenOfOwnerByIndex(address,uint256) view returns (uint256)",
  "function positions(uint256) view returns (uint96,address,address token0,address token1,uint24 fee,int24 tickLower,int24 tickUpper,uint128 liquidity,uint256,uint256,uint128,uint128)",
  "function approve(address,uint256)",
]);

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
    <Page
      title="Points and boost"
      lead="Holding an index earns 3 points a dollar and day, staking 15, locking its liquidity 20. Staked SOSO lifts each of them up to elevenfold: 33, 165 and 220."
    >
      <Card>
        <Stats>
          <Stat label="Epoch" value={`No. ${epoch}`} hint={`began ${date(start)}`} />
          <Stat label="Ends in" value={<Countdown until={start + Number(length)} />} />
          <Stat label="You" value={joinedAt > 0n ? "joined" : "have not joined"} hint={joinedAt > 0n ? date(joinedAt) : "points count from the epoch in which you join"} />
        </Stats>
        {joinedAt === 0n && (
          <div className="mt-4">
            <NeedsWallet>
              <Button busy={action.busy} onClick={() => void action.run({ title: "Join", address: ledger.address, abi, functionName: "join", args: [] })}>
                Join
              </Button>
            </NeedsWallet>
          </div>
        )}
      </Card>
      <Progress action={action} />
      {address && <Live who={address} epoch={epoch} />}
      <Boost />
      {address && <Liquidity who={address} action={action} />}
      <Epochs who={who} epoch={epoch} genesis={genesis} length={length} now={now} joined={joinedAt > 0n} action={action} />
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
        rows={classes.map(([name, c]) => [name, amount(c.value, 18), amount(c.boosted, 18), multiplier(c.multiplier), points(c.points)])}
      />
      {data.sosoMissing > 0n && (
        <p className="mt-2 text-sm text-muted">
          {amount(data.sharesMissing, 18)} more staked SOSO, held all epoch until now, would have lifted everything to the full boost.
        </p>
      )}
    </Card>
  );
}

function Boost() {
  const { data: indexes } = useIndexes();
  const { data: stakes } = useStakes();
  const { address } = useAccount();
  const config = useConfig();
  const price = usePrice(config.external.soso);
  const { data: held } = useReadContracts({
    allowFailure: false,
    contracts: (indexes ?? []).map((index) => ({ address: index.index, abi: erc20Abi, functionName: "balanceOf", args: [address ?? zeroAddress] }) as const),
    query: { enabled: !!address && !!indexes },
  });
  const [more, setMore] = useState(50);
  if (!indexes || !stakes) return null;

  const priceOf = (symbol: string) => indexes.find((index) => index.symbol === symbol)?.sharePrice ?? 0n;
  const real = {
    held: indexes.reduce((sum, index, i) => sum + worth(held?.[i] ?? 0n, 18, index.sharePrice), 0n),
    staked: stakes.reduce((sum, stake) => (stake.symbol === "SOSO" ? sum : sum + worth(stake.assets, 18, priceOf(stake.symbol))), 0n),
    locked: 0n,
    soso: worth(stakes.find((stake) => stake.symbol === "SOSO")?.assets ?? 0n, 18, price),
  };
  const example = real.held + real.staked === 0n;
  const base = example ? { held: 0n, staked: 1_000n * WAD, locked: 0n, soso: 0n } : real;
  const total = base.held + base.staked;
  const soso = base.soso + (total * BigInt(more)) / 100n;
  const lifted = { ...base, soso };
  const tokens = price === 0n ? 0n : ((soso - base.soso) * WAD) / price;
  return (
    <Card title="How much SOSO lifts it to what" aside={example ? "example: 1,000 dollars staked" : "from what you have now"}>
      <label className="block text-sm" htmlFor="boost">
        More staked SOSO, as a part of what you hold and stake: {more} %
      </label>
      <input id="boost" type="range" min={0} max={100} value={more} onChange={(event) => setMore(Number(event.target.value))} className="mt-2 w-full accent-[var(--accent)]" />
      <Rows
        rows={[
          ["Staked SOSO more", price === 0n ? `${usd(soso - base.soso)} (SOSO has no price now)` : `${amount(tokens, 18)} SOSO, ${usd(soso - base.soso)}`],
          ["Effective multiplier", `${multiplier(effective(base))} becomes ${multiplier(effective(lifted))}`],
          ["Points a day", `${points(pointsADay(base))} becomes ${points(pointsADay(lifted))}`],
        ]}
      />
    </Card>
  );
}

function Liquidity({ who, action }: { who: Address; action: Action }) {
  const config = useConfig();
  const at = { address: contract(config, "LpLocker"), abi: lpLockerAbi } as const;
  const nft = { address: config.external.positionManager, abi: positionsAbi } as const;
  const { data: pools } = useReadContract({ ...at, functionName: "pools", query: { refetchInterval: 30_000 } });
  const { data: count } = useReadContract({ ...nft, functionName: "balanceOf", args: [who], query: { refetchInterval: 12_000 } });
  const { data: ids } = useReadContracts({
    allowFailure: false,
    contracts: [...Array(Math.min(Number(count ?? 0n), 50)).keys()].map((i) => ({ ...nft, functionName: "tokenOfOwnerByIndex", args: [who, BigInt(i)] }) as const),
    query: { enabled: !!count, refetchInterval: 12_000 },
  });
  const { data: own } = useReadContracts({
    allowFailure: false,
    contracts: (ids ?? []).map((id) => ({ ...nft, functionName: "positions", args: [id] }) as const),
    query: { enabled: !!ids?.length },
  });
  const locks = useLogs("locks", at.address, [LOCKED], { owner: who });
  const lockedIds = [...new Set((locks.data ?? []).map((log) => log.args.tokenId ?? 0n))];
  const { data: locked } = useReadContracts({
    allowFailure: false,
    contracts: lockedIds.map((id) => ({ ...at, functionName: "positionOf", args: [id] }) as const),
    query: { enabled: lockedIds.length > 0, refetchInterval: 12_000 },
  });
  const { data: stakes } = useReadContracts({
    allowFailure: false,
    contracts: (pools ?? []).map((pool) => ({ ...at, functionName: "stakeOf", args: [who, pool] }) as const),
    query: { enabled: !!pools?.length, refetchInterval: 12_000 },
  });
  const { data: lp } = useReadContracts({
    allowFailure: false,
    contracts: (pools ?? []).flatMap((pool) => [{ ...at, functionName: "poolOf", args: [pool] } as const]),
    query: { enabled: !!pools?.length },
  });
  const symbols = new Set(Object.values(config.indexes).map((each) => each.toLowerCase()));
  const candidates = (ids ?? []).flatMap((id, i) => {
    const position = own?.[i];
    if (!position || position[7] === 0n) return [];
    const [token0, token1] = [position[2], position[3]];
    return symbols.has(token0.toLowerCase()) || symbols.has(token1.toLowerCase()) ? [{ id, token0, token1 }] : [];
  });
  const mine = lockedIds.flatMap((id, i) => (locked?.[i] && locked[i].owner.toLowerCase() === who.toLowerCase() ? [{ id, ...locked[i] }] : []));
  const run = (title: string, functionName: string, args: readonly unknown[]) => void action.run({ title, address: at.address, abi: locker, functionName, args });
  const lock = async (id: bigint) => {
    const approved = await action.run({ title: `Allow the locker to take position ${id}`, address: nft.address, abi: positionsAbi as Abi, functionName: "approve", args: [at.address, id] });
    if (approved) run(`Lock position ${id}`, "lockPosition", [id]);
  };
  const name = (address: string) => nameOf(config, address) ?? short(address);
  return (
    <Card title="Locked liquidity" aside={`${pools?.length ?? 0} pools are listed`}>
      <Table
        caption="Your Uniswap positions"
        head={["Position", "State", ""]}
        empty="You have no position of an index in this wallet, and none is locked."
        rows={[
          ...candidates.map((c) => [
            `No. ${c.id}: ${name(c.token0)} / ${name(c.token1)}`,
            "in your wallet",
            <Button key="b" kind="plain" busy={action.busy} onClick={() => void lock(c.id)}>
              Lock position {String(c.id)}
            </Button>,
          ]),
          ...mine.map((p) => [
            `No. ${p.id}`,
            p.maturesAt === 0n ? (
              "locked, earns 20X and more"
            ) : (
              <span key="t">
                leaving: <Countdown until={Number(p.maturesAt)} />
              </span>
            ),
            <span key="b" className="flex flex-wrap justify-end gap-2">
              <Button kind="plain" busy={action.busy} onClick={() => run(`Collect the fees of position ${p.id}`, "collect", [p.id, who])}>
                Collect fees
              </Button>
              {p.maturesAt === 0n ? (
                <Button kind="plain" busy={action.busy} onClick={() => run(`Ask to unlock position ${p.id}`, "requestUnlock", [p.id])}>
                  Unlock (14 days)
                </Button>
              ) : (
                <>
                  <Button kind="plain" busy={action.busy} onClick={() => run(`Keep position ${p.id} locked`, "cancelUnlock", [p.id])}>
                    Keep locked
                  </Button>
                  <Button kind="plain" busy={action.busy} onClick={() => run(`Take position ${p.id} out`, "unlock", [p.id, who])}>
                    Take out
                  </Button>
                </>
              )}
            </span>,
          ]),
          ...(pools ?? []).flatMap((pool, i) => {
            const [stake, kind] = [stakes?.[i], lp?.[i]?.kind];
            if (kind !== 1 || !stake || stake.locked + stake.cooling + stake.matured === 0n) return [];
            return [
              [
                `LP tokens of ${short(pool)}`,
                `${amount(stake.locked, 18)} locked, ${amount(stake.cooling, 18)} leaving, ${amount(stake.matured, 18)} ready`,
                <span key="b" className="flex flex-wrap justify-end gap-2">
                  <Button kind="plain" busy={action.busy} disabled={stake.locked === 0n} onClick={() => run("Ask to unlock LP tokens", "requestUnlockTokens", [who, pool, stake.locked])}>
                    Unlock (14 days)
                  </Button>
                  <Button kind="plain" busy={action.busy} disabled={stake.matured === 0n} onClick={() => run("Take LP tokens out", "unlockTokens", [who, pool, who])}>
                    Take out
                  </Button>
                </span>,
              ],
            ];
          }),
        ]}
      />
    </Card>
  );
}

function Epochs({ who, epoch, genesis, length, now, joined, action }: { who: Address; epoch: bigint; genesis: bigint; length: bigint; now: number; joined: boolean; action: Action }) {
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
  const pots = useLogs("pots", ledger.address, [FUNDED]);
  const known = [...new Map((pots.data ?? []).map((log) => [`${log.args.epoch}${log.args.token}`, { epoch: log.args.epoch ?? 0n, token: log.args.token ?? zeroAddress }])).values()];
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
          empty="Nobody has funded a pot yet."
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

function Leaderboard({ epoch }: { epoch: bigint }) {
  const config = useConfig();
  const last = epoch > 0n ? epoch - 1n : 0n;
  const records = useLogs("records", contract(config, "PointsLedger"), [RECORDED]);
  const rows = (records.data ?? []).filter((log) => log.args.epoch === last).sort((a, b) => Number((b.args.points ?? 0n) - (a.args.points ?? 0n)));
  return (
    <Card title="Leaderboard" aside={`epoch ${last}, before bonuses`}>
      <Table
        caption="Accounts with most points in the last epoch"
        head={["Rank and account", "Points"]}
        empty="Nobody is recorded yet."
        rows={rows.slice(0, 25).map((log, i) => [`${i + 1}. ${short(log.args.account ?? zeroAddress)}`, points(log.args.points ?? 0n)])}
      />
      {rows.length === 0 && <Note title="Recording opens when an epoch ends, for seven days. Anyone can record anyone." />}
    </Card>
  );
}
