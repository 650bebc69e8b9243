import { useState } from "react";
import { type Abi, type Address, erc20Abi, formatUnits } from "viem";
import { useAccount, useReadContract, useReadContracts } from "wagmi";

import { contract } from "../chain/config";
import { useConfig } from "../chain/context";
import { type Overview, type RebalanceStatus, useToken, type Offer } from "../data/indexes";
import { useNow } from "../data/logs";
import { rebalancerAbi } from "../generated/abis";
import { amount, bp, duration, parseAmount } from "../lib/format";
import { atMost, perToken } from "../lib/math";
import { explain } from "../write/errors";
import { useAction } from "../write/useAction";
import { Button, Field, Meter, Note, Select, Stat, Stats, Table } from "./kit";
import { Progress } from "./Progress";
import { NeedsWallet } from "./Wallet";

const ROOM = 10n ** 15n; // 0.1 %: the price falls by the second, and oracle prices move

/** A running auction: what can be bid, at which price, how far it is, and a bid. */
export function Auction({
  index,
  status,
  offers,
}: {
  index: Overview;
  status: RebalanceStatus;
  offers: readonly Offer[];
}) {
  const now = useNow();
  const token = useToken(
    index,
    offers.flatMap((offer) => [offer.tokenOut, offer.tokenIn]),
  );
  const sold = status.turnover - status.turnoverLeft;
  const [length, past] = [Number(status.ends - status.started), now - Number(status.started)];
  return (
    <div className="space-y-4">
      <Stats>
        <Stat
          label={status.premium >= 0n ? "Premium now" : "Discount now"}
          value={bp(status.premium < 0n ? -status.premium : status.premium)}
          hint="against the oracle, falls by the second"
        />
        <Stat label="Lost so far" value={bp(status.cost)} hint={`of at most ${bp(status.budget)}`} />
        <Stat label="Still to sell" value={String(status.surplus)} hint="constituents" />
        <Stat label="Still to buy" value={String(status.deficit)} hint="constituents" />
      </Stats>
      <div className="grid gap-x-8 gap-y-3 sm:grid-cols-2">
        <Meter
          label="Sold"
          share={status.turnover === 0n ? 1 : Number(sold) / Number(status.turnover)}
          text={`${bp(sold)} of ${bp(status.turnover)} of NAV`}
        />
        <Meter
          label="Time"
          share={length === 0 ? 1 : past / length}
          text={`${duration(Number(status.ends) - now)} left`}
        />
      </div>
      <Table
        caption="What can be bid now"
        head={["The index sells", "For", "At most", "That costs", "Price"]}
        empty="Nothing can be bid at this moment."
        rows={offers.map((offer) => {
          const [out, paid] = [token(offer.tokenOut), token(offer.tokenIn)];
          return [
            out.symbol,
            paid.symbol,
            `${amount(offer.amountOut, out.decimals)} ${out.symbol}`,
            `${amount(offer.amountIn, paid.decimals)} ${paid.symbol}`,
            `${amount(perToken(offer.price, out.decimals, paid.decimals), 18)} ${paid.symbol} a ${out.symbol}`,
          ];
        })}
      />
      {offers.length > 0 && <Bid index={index} offers={offers} token={token} />}
    </div>
  );
}

function Bid({
  index,
  offers,
  token,
}: {
  index: Overview;
  offers: readonly Offer[];
  token: ReturnType<typeof useToken>;
}) {
  const config = useConfig();
  const { address } = useAccount();
  const action = useAction();
  const [pair, setPair] = useState("");
  const [text, setText] = useState("");
  const key = (offer: Offer) => `${offer.tokenOut}${offer.tokenIn}`;
  const offer = offers.find((one) => key(one) === pair) ?? offers[0]!;
  const [out, paid] = [token(offer.tokenOut), token(offer.tokenIn)];
  const typed = parseAmount(text, out.decimals);
  const value = typed.ok ? typed.value : 0n;
  const at = { address: contract(config, "Rebalancer"), abi: rebalancerAbi } as const;
  const { data: quote, error } = useReadContract({
    ...at,
    functionName: "quoteBid",
    args: [index.index, offer.tokenOut, offer.tokenIn, value],
    query: { enabled: value > 0n, refetchInterval: 12_000, retry: false },
  });
  const { data: mine } = useReadContracts({
    allowFailure: false,
    contracts: address
      ? ([
          { address: offer.tokenIn, abi: erc20Abi, functionName: "balanceOf", args: [address] },
          { address: offer.tokenIn, abi: erc20Abi, functionName: "allowance", args: [address, at.address] },
        ] as const)
      : [],
    query: { enabled: !!address, refetchInterval: 12_000 },
  });
  const [held = 0n, allowed = 0n] = (mine ?? []) as bigint[];
  const [filled, cost] = quote ?? [0n, 0n];
  const limit = atMost(cost, ROOM);
  const refusal = error && value > 0n ? explain(error) : null;
  const short = limit > held;
  const title = `Bid for ${text} ${out.symbol}`;
  const bid = async () => {
    const args = [
      index.index,
      offer.tokenOut,
      offer.tokenIn,
      value,
      filled === 0n ? 0n : (limit * value + filled - 1n) / filled,
      address as Address,
      "0x",
    ];
    if (await action.run({ title, ...at, abi: rebalancerAbi as Abi, functionName: "bid", args })) setText("");
  };
  return (
    <form
      className="max-w-xl space-y-3 rounded-md border border-line p-3"
      onSubmit={(event) => {
        event.preventDefault();
        void bid();
      }}
    >
      <h3 className="text-sm font-medium">Bid</h3>
      <Select
        label="Pair"
        value={key(offer)}
        onChange={setPair}
        options={offers.map((one) => [key(one), `${token(one.tokenOut).symbol} for ${token(one.tokenIn).symbol}`])}
      />
      <Field
        label={`You get, ${out.symbol}`}
        value={text}
        onChange={setText}
        onMax={() => setText(formatUnits(offer.amountOut, out.decimals))}
        error={
          !typed.ok ? typed.why : short && filled > 0n ? `You have ${amount(held, paid.decimals)} ${paid.symbol}` : ""
        }
        hint={
          filled > 0n
            ? `${amount(filled, out.decimals)} ${out.symbol} now for ${amount(cost, paid.decimals)} ${paid.symbol}`
            : `at most ${amount(offer.amountOut, out.decimals)} ${out.symbol}`
        }
      />
      {refusal && (
        <Note kind="bad" title={refusal.title}>
          {refusal.next}
        </Note>
      )}
      <NeedsWallet>
        {allowed < limit ? (
          <Button
            className="w-full"
            busy={action.busy}
            disabled={short || filled === 0n}
            onClick={() =>
              void action.run({
                title: `Approve ${paid.symbol}`,
                address: offer.tokenIn,
                abi: erc20Abi as Abi,
                functionName: "approve",
                args: [at.address, limit],
              })
            }
          >
            Approve {paid.symbol}
          </Button>
        ) : (
          <Button type="submit" className="w-full" busy={action.busy} disabled={short || filled === 0n}>
            Bid
          </Button>
        )}
      </NeedsWallet>
      <Progress action={action} />
      <p className="text-xs text-muted">
        A bid is cut to what is left; you never pay more a token than shown, and 0.1 % on top for what moves until it is
        mined.
      </p>
    </form>
  );
}
