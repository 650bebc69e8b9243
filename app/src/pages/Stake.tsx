import { useState } from "react";
import { useNavigate, useParams } from "react-router";
import { type Abi, type Address, erc20Abi, formatUnits, type PublicClient, zeroAddress } from "viem";
import { useAccount, useConfig as useWagmi, usePublicClient, useReadContract, useReadContracts } from "wagmi";
import { getWalletClient } from "wagmi/actions";

import { contract } from "../chain/config";
import { useConfig } from "../chain/context";
import { useIndexes } from "../data/indexes";
import { useNow } from "../data/logs";
import { type StakePosition, useEpochAprs, useStakes } from "../data/staking";
import { indexRouterAbi, stakedTokenAbi } from "../generated/abis";
import { DAY, MAX_COOLDOWN } from "../generated/constants";
import { amount, cut, date, duration, parseAmount, percent } from "../lib/format";
import { Button, Card, Countdown, Dialog, Field, Note, Page, Rows, Select, Skeleton, Stat, Stats } from "../ui/kit";
import { Progress } from "../ui/Progress";
import { NeedsWallet } from "../ui/Wallet";
import { deadlineFrom, signPermit } from "../write/permission";
import { type Action, useAction } from "../write/useAction";

const abi = stakedTokenAbi as Abi;

/** Stake, ask to leave, wait, claim. */
export default function Stake() {
  const { symbol } = useParams();
  const navigate = useNavigate();
  const { data, isPending } = useStakes();
  if (isPending || !data) return <Skeleton lines={8} />;
  const stake = data.find((one) => one.symbol === symbol) ?? data[0];
  if (!stake) return <Note title="Nothing can be staked yet." />;
  return (
    <Page
      title={`Stake ${stake.symbol}`}
      lead={
        stake.symbol === "SOSO"
          ? "Staked SOSO earns no fees. It boosts your points, up to elevenfold."
          : "Stakers earn the index's fees every day: a staked share is worth more of the index as time passes."
      }
    >
      <Select
        label="Token"
        value={stake.symbol}
        onChange={(next) => navigate(`/stake/${next}`)}
        options={data.map((one) => [one.symbol, one.symbol])}
      />
      <Figures stake={stake} />
      <div className="grid gap-4 lg:grid-cols-2">
        <Join key={stake.staked} stake={stake} />
        <Leave key={`${stake.staked}leave`} stake={stake} />
      </div>
    </Page>
  );
}

function Figures({ stake }: { stake: StakePosition }) {
  const { data: epoch } = useReadContract({ address: stake.staked, abi: stakedTokenAbi, functionName: "currentEpoch" });
  const aprs = useEpochAprs(stake.staked, epoch);
  const most = aprs.reduce((top, one) => (one.apr > top ? one.apr : top), 1n);
  return (
    <Card>
      <Stats>
        <Stat label="APR now" value={percent(stake.apr)} hint="at the pace of today's rewards" />
        <Stat label="Exchange rate" value={cut(stake.rate, 18, 6)} hint={`${stake.symbol} a staked share`} />
        <Stat label="Staked by all" value={amount(stake.total, 18)} />
        <Stat
          label="Way out"
          value={duration(Number(stake.cooldown))}
          hint={`never longer than ${MAX_COOLDOWN / DAY} days`}
        />
      </Stats>
      {aprs.length > 1 && (
        <div className="mt-4">
          <h3 className="text-sm font-medium">APR by epoch</h3>
          <ul className="mt-2 flex h-24 items-end gap-2">
            {aprs.map((one) => (
              <li
                key={String(one.epoch)}
                className="flex flex-1 flex-col items-center justify-end gap-1 text-xs text-muted"
              >
                <span>{percent(one.apr)}</span>
                <span
                  aria-hidden
                  className="bar-0 w-full max-w-14 rounded-t"
                  style={{ height: `${Math.max(2, Number((one.apr * 48n) / most))}px` }}
                />
                <span>No. {String(one.epoch)}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </Card>
  );
}

function useAsset(stake: StakePosition): { address: Address; name: string | null } {
  const config = useConfig();
  const { data: indexes } = useIndexes();
  const index = config.indexes[stake.symbol];
  return {
    address: index ?? config.external.soso,
    name: indexes?.find((one) => one.symbol === stake.symbol)?.name ?? null,
  };
}

function Join({ stake }: { stake: StakePosition }) {
  const config = useConfig();
  const router = contract(config, "IndexRouter");
  const { address } = useAccount();
  const client = usePublicClient() as PublicClient;
  const wagmi = useWagmi();
  const action = useAction();
  const asset = useAsset(stake);
  const [text, setText] = useState("");
  const typed = parseAmount(text, 18);
  const value = typed.ok ? typed.value : 0n;
  const { data } = useReadContracts({
    allowFailure: false,
    contracts: address
      ? [
          { address: asset.address, abi: erc20Abi, functionName: "balanceOf", args: [address] },
          { address: asset.address, abi: erc20Abi, functionName: "allowance", args: [address, stake.staked] },
        ]
      : [],
    query: { enabled: !!address, refetchInterval: 12_000 },
  });
  const [held = 0n, allowed = 0n] = (data ?? []) as bigint[];
  const byPermit = asset.name !== null;
  const short = value > held;

  const submit = async () => {
    const title = `Stake ${text} ${stake.symbol}`;
    if (!byPermit || allowed >= value) {
      if (await action.run({ title, address: stake.staked, abi, functionName: "deposit", args: [value, address] }))
        setText("");
      return;
    }
    try {
      const permit = await signPermit(
        client,
        await getWalletClient(wagmi),
        { address: asset.address, permit: { name: asset.name ?? "", version: "1" } },
        router,
        value,
        await deadlineFrom(client),
      );
      const call = {
        title,
        address: router,
        abi: indexRouterAbi as Abi,
        functionName: "stakeWithPermit",
        args: [asset.address, value, address, permit],
      };
      if (await action.run(call)) setText("");
    } catch (error) {
      action.fail(title, error);
    }
  };

  return (
    <Card title="Stake">
      <form
        className="space-y-3"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Field
          label="Stake"
          value={text}
          onChange={setText}
          onMax={() => setText(formatUnits(held, 18))}
          suffix={<span className="text-sm font-medium">{stake.symbol}</span>}
          error={!typed.ok ? typed.why : short ? `You have ${amount(held, 18)} ${stake.symbol}` : ""}
          hint={address ? `You have ${amount(held, 18)} ${stake.symbol}` : undefined}
        />
        <NeedsWallet>
          {!byPermit && allowed < value ? (
            <Button
              className="w-full"
              disabled={value === 0n || short}
              busy={action.busy}
              onClick={() =>
                void action.run({
                  title: `Approve ${stake.symbol}`,
                  address: asset.address,
                  abi: erc20Abi,
                  functionName: "approve",
                  args: [stake.staked, value],
                })
              }
            >
              Approve {stake.symbol}
            </Button>
          ) : (
            <Button type="submit" className="w-full" disabled={value === 0n || short} busy={action.busy}>
              {byPermit && allowed < value ? "Sign and stake" : "Stake"}
            </Button>
          )}
        </NeedsWallet>
        <Progress action={action} />
      </form>
    </Card>
  );
}

function Leave({ stake }: { stake: StakePosition }) {
  const { address } = useAccount();
  const now = useNow();
  const action = useAction();
  const [text, setText] = useState("");
  const [asking, setAsking] = useState(false);
  const typed = parseAmount(text, 18);
  const value = typed.ok ? typed.value : 0n;
  const { exit } = stake;
  const cooling = exit.coolingAssets > 0n;
  const who = address ?? zeroAddress;

  const request = async () => {
    setAsking(false);
    const call = {
      title: `Unstake ${text} s${stake.symbol}`,
      address: stake.staked,
      abi,
      functionName: "requestRedeem",
      args: [value, who, who],
    };
    if (await action.run(call)) setText("");
  };

  return (
    <Card title="Your stake">
      <Rows
        rows={[
          ["Staked", `${amount(stake.shares, 18)} s${stake.symbol}`],
          ["Worth now", `${amount(stake.assets, 18)} ${stake.symbol}`],
          [
            "Cooling down",
            cooling ? (
              <span key="c">
                {amount(exit.coolingAssets, 18)} {stake.symbol}, <Countdown until={Number(exit.maturesAt)} /> left
                <span className="block text-xs text-muted">until {date(exit.maturesAt)}</span>
              </span>
            ) : (
              "nothing"
            ),
          ],
          ["Ready to claim", `${amount(exit.claimableAssets, 18)} ${stake.symbol}`],
        ]}
      />
      <form
        className="mt-3 space-y-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (cooling) setAsking(true);
          else void request();
        }}
      >
        <Field
          label="Unstake"
          value={text}
          onChange={setText}
          onMax={() => setText(formatUnits(stake.shares, 18))}
          suffix={<span className="text-sm font-medium">s{stake.symbol}</span>}
          error={!typed.ok ? typed.why : value > stake.shares ? `You have ${amount(stake.shares, 18)}` : ""}
          hint="What you unstake stops earning and can be claimed after the cooldown."
        />
        {cooling && value > 0n && (
          <Note kind="warn" title="This starts your timer again.">
            {amount(exit.coolingAssets, 18)} {stake.symbol} that would be ready in{" "}
            {duration(Number(exit.maturesAt) - now)} waits another {duration(Number(stake.cooldown))}, together with
            what you add.
          </Note>
        )}
        <NeedsWallet>
          <div className="flex flex-wrap gap-2">
            <Button type="submit" disabled={value === 0n || value > stake.shares} busy={action.busy}>
              Unstake
            </Button>
            {cooling && (
              <Button
                kind="plain"
                busy={action.busy}
                onClick={() =>
                  void action.run({
                    title: "Stake again what is cooling down",
                    address: stake.staked,
                    abi,
                    functionName: "cancelRequest",
                    args: [who],
                  })
                }
              >
                Cancel the cooldown
              </Button>
            )}
            <Claim stake={stake} who={who} action={action} />
          </div>
        </NeedsWallet>
        <Progress action={action} />
      </form>
      <Dialog title="Start the timer again?" open={asking} onOpenChange={setAsking}>
        <p className="text-sm">
          You have {amount(exit.coolingAssets, 18)} {stake.symbol} cooling down, ready in{" "}
          {duration(Number(exit.maturesAt) - now)}. If you unstake more now, all of it waits{" "}
          {duration(Number(stake.cooldown))} from now.
        </p>
        <div className="mt-4 flex gap-2">
          <Button onClick={() => void request()}>Unstake and restart the timer</Button>
          <Button kind="plain" onClick={() => setAsking(false)}>
            Keep the timer
          </Button>
        </div>
      </Dialog>
    </Card>
  );
}

function Claim({ stake, who, action }: { stake: StakePosition; who: Address; action: Action }) {
  const { claimableAssets } = stake.exit;
  return (
    <Button
      kind="plain"
      disabled={claimableAssets === 0n}
      busy={action.busy}
      onClick={() =>
        void action.run({
          title: `Claim ${amount(claimableAssets, 18)} ${stake.symbol}`,
          address: stake.staked,
          abi,
          functionName: "withdraw",
          args: [claimableAssets, who, who],
        })
      }
    >
      Claim {amount(claimableAssets, 18)} {stake.symbol}
    </Button>
  );
}
