import { useEffect, useState } from "react";
import { useNavigate, useParams } from "react-router";
import { type Address, formatUnits, type Hex, maxUint48, type PublicClient, zeroAddress, zeroHash } from "viem";
import { useAccount, useConfig as useWagmi, usePublicClient } from "wagmi";
import { getWalletClient } from "wagmi/actions";

import { contract, type PayToken } from "../chain/config";
import { useConfig } from "../chain/context";
import { useIndexes, type Overview } from "../data/indexes";
import { type Mode, useFunds, useGasCost, usePrice, useQuote } from "../data/quote";
import { forgetReferral, keptReferral, toBytes32 } from "../data/referral";
import { indexRouterAbi } from "../generated/abis";
import { DAY, MAX_COOLDOWN } from "../generated/constants";
import { amount, parseAmount, percent, usd } from "../lib/format";
import { atLeast, atMost, slippage, worth } from "../lib/math";
import { InKind } from "../ui/InKind";
import { Button, Card, Field, Note, Page, Rows, Select, Skeleton, Tabs } from "../ui/kit";
import { Progress } from "../ui/Progress";
import { NeedsWallet } from "../ui/Wallet";
import { explain } from "../write/errors";
import { approval, deadlineFrom, Permission, signPermit, signPermit2 } from "../write/permission";
import { useAction } from "../write/useAction";

const ETHER = "ETH";
/** What the router leaves to the purchase hook (docs/router.md), and what a call may take away on the way there. */
const HOOK_ROOM = 350_000n;
/** A quote that could not be refreshed for so long is no offer any more, ms. */
const QUOTE_LIFE = 45_000;
const TOLERANCES: [string, string][] = [
  ["1000000000000000", "0.1 %"],
  ["5000000000000000", "0.5 %"],
  ["10000000000000000", "1 %"],
  ["30000000000000000", "3 %"],
];

/** Buy, sell, and mint or redeem in kind. */
export default function Trade() {
  const { symbol } = useParams();
  const navigate = useNavigate();
  const { data, isPending } = useIndexes();
  const [tab, setTab] = useState("buy");
  if (isPending || !data) return <Skeleton lines={8} />;
  const index = data.find((one) => one.symbol === symbol) ?? data[0];
  if (!index) return <Note title="There is no index yet." />;
  return (
    <Page
      title={`Buy or sell ${index.symbol}`}
      lead="One transaction over Uniswap. The quote is what would really happen now, to the last digit."
    >
      <Select
        label="Index"
        value={index.symbol}
        onChange={(next) => navigate(`/trade/${next}`)}
        options={data.map((one) => [one.symbol, one.symbol])}
      />
      <Tabs
        label="What to do"
        value={tab}
        onChange={setTab}
        tabs={[
          ["buy", "Buy", <Order key={index.index} index={index} side="buy" />],
          ["sell", "Sell", <Order key={index.index} index={index} side="sell" />],
          ["kind", "In kind", <InKind key={index.index} index={index} />],
        ]}
      />
    </Page>
  );
}

function Order({ index, side }: { index: Overview; side: "buy" | "sell" }) {
  const config = useConfig();
  const router = contract(config, "IndexRouter");
  const client = usePublicClient() as PublicClient;
  const wagmi = useWagmi();
  const { address } = useAccount();
  const action = useAction();

  const [symbol, setSymbol] = useState("USDC");
  const [exact, setExact] = useState<"in" | "out">("in");
  const [text, setText] = useState("");
  const [tolerance, setTolerance] = useState("5000000000000000");
  const [stake, setStake] = useState(false);
  const [signing, setSigning] = useState("");

  const token: PayToken | null = symbol === ETHER ? null : (config.tokens.find((one) => one.symbol === symbol) ?? null);
  const tokenAddress: Address = token?.address ?? zeroAddress;
  const decimals = token?.decimals ?? 18;
  const buying = side === "buy";
  const shares: PayToken = {
    symbol: index.symbol,
    address: index.index,
    decimals: 18,
    permit: { name: index.name, version: "1" },
  };

  const funds = useFunds(token, router);
  const held = useFunds(shares, router);
  const mode: Mode = buying ? (exact === "in" ? "buyIn" : "buyOut") : exact === "in" ? "sellIn" : "sellOut";
  const typed = parseAmount(text, mode === "buyIn" || mode === "sellOut" ? decimals : 18);
  const value = typed.ok ? typed.value : null;
  const quote = useQuote(mode, index.index, tokenAddress, value, held.balance);
  const price = usePrice(tokenAddress);

  const room = BigInt(tolerance);
  const q = quote.data;
  const limit =
    q &&
    (mode === "buyIn"
      ? atLeast(q.shares, room)
      : mode === "buyOut"
        ? atMost(q.tokens, room)
        : mode === "sellIn"
          ? atLeast(q.tokens, room)
          : atMost(q.shares, room));
  const paidTokens = mode === "buyOut" ? (limit ?? 0n) : (value ?? 0n);
  const soldShares =
    mode === "sellOut" ? (limit !== undefined && limit > held.balance ? held.balance : (limit ?? 0n)) : (value ?? 0n);
  const needed = buying ? paidTokens : soldShares;
  const balance = buying ? funds.balance : held.balance;
  const short = value !== null && needed > balance;
  const way = buying ? funds.way(needed) : held.way(needed);
  const code = keptReferral();

  const trade = (permission: number, permit: Hex, deadline: bigint) => ({
    index: index.index,
    token: tokenAddress,
    receiver: address ?? zeroAddress,
    deadline,
    permission,
    permit,
    stake: buying && stake,
    referralCode: buying && code ? toBytes32(code) : zeroHash,
  });
  const order = (permission: number, permit: Hex, deadline: bigint) => {
    const t = trade(permission, permit, deadline);
    const base = { address: router, abi: indexRouterAbi } as const;
    if (mode === "buyIn")
      return {
        ...base,
        functionName: "buyExactInput",
        args: [t, needed, q?.shares ?? 0n, limit ?? 0n] as const,
        value: token ? 0n : needed,
      } as const;
    if (mode === "buyOut")
      return {
        ...base,
        functionName: "buy",
        args: [t, value ?? 0n, needed] as const,
        value: token ? 0n : needed,
      } as const;
    if (mode === "sellIn")
      return { ...base, functionName: "sell", args: [t, value ?? 0n, limit ?? 0n] as const, value: undefined } as const;
    return {
      ...base,
      functionName: "sellExactOutput",
      args: [t, value ?? 0n, needed] as const,
      value: undefined,
    } as const;
  };
  const plain = q && !short && (way === "ether" || way === "allowance") ? order(0, "0x", maxUint48) : null;
  // Without an allowance the order itself cannot be tried yet; the quote swaps as the order will.
  const gas = useGasCost(
    plain
      ? ({
          abi: indexRouterAbi,
          functionName: plain.functionName,
          args: plain.args,
          to: router,
          value: plain.value,
        } as never)
      : q && value
        ? ({
            abi: indexRouterAbi,
            functionName: buying ? "quoteBuy" : "quoteSell",
            args: [index.index, tokenAddress, q.shares],
            to: router,
          } as never)
        : null,
  );

  const nav = q && index.priced ? worth(q.shares, 18, index.sharePrice) : 0n;
  const dollars = q ? worth(q.tokens, decimals, price) : 0n;
  const off = q && nav > 0n && dollars > 0n ? (buying ? slippage(dollars, nav) : slippage(nav, dollars)) : null;
  const tokenName = token?.symbol ?? ETHER;
  const title = buying
    ? mode === "buyIn"
      ? `Buy ${index.symbol} for ${text} ${tokenName}`
      : `Buy ${text} ${index.symbol}`
    : mode === "sellIn"
      ? `Sell ${text} ${index.symbol}`
      : `Sell ${index.symbol} for ${text} ${tokenName}`;

  const approve = () => {
    const target = buying ? (token as PayToken) : shares;
    return action.run({ title: `Approve ${target.symbol}`, ...approval(target.address, router, needed) });
  };
  const submit = async () => {
    let [permission, permit, deadline]: [number, Hex, bigint] = [Permission.Allowance, "0x", 0n];
    try {
      deadline = await deadlineFrom(client);
      if (way === "permit") {
        setSigning("Sign the permit in your wallet: it allows this amount to the router, for 20 minutes.");
        const target = buying
          ? (token as PayToken & { permit: { name: string; version: string } })
          : (shares as typeof shares & { permit: { name: string; version: string } });
        permission = Permission.Permit;
        permit = await signPermit(client, await getWalletClient(wagmi), target, router, needed, deadline);
      } else if (way === "permit2") {
        setSigning("Sign the Permit2 transfer in your wallet: it allows this one payment.");
        permission = Permission.Permit2;
        permit = await signPermit2(
          config,
          client,
          await getWalletClient(wagmi),
          tokenAddress,
          router,
          needed,
          deadline,
        );
      }
    } catch (error) {
      setSigning("");
      action.fail(title, error);
      return;
    }
    setSigning("");
    const done = await action.run({
      title,
      ...order(permission, permit, deadline),
      gasRoom: buying ? HOOK_ROOM : undefined,
    });
    if (done && buying) forgetReferral();
    if (done) setText("");
  };

  const refusal = quote.error && value ? explain(quote.error) : null;
  const stale = useOlder(q?.at, QUOTE_LIFE);
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Card title={buying ? "You pay" : "You sell"}>
        <form
          className="space-y-3"
          onSubmit={(event) => {
            event.preventDefault();
            void submit();
          }}
        >
          <Select
            label="Fixed"
            value={exact}
            onChange={(next) => {
              setExact(next as "in" | "out");
              setText("");
            }}
            options={
              buying
                ? [
                    ["in", "What I pay"],
                    ["out", "What I get"],
                  ]
                : [
                    ["in", "What I sell"],
                    ["out", "What I get"],
                  ]
            }
          />
          <Field
            label={
              mode === "buyIn" ? "You pay" : mode === "buyOut" ? "You get" : mode === "sellIn" ? "You sell" : "You get"
            }
            value={text}
            onChange={setText}
            error={
              typed.ok || typed.why === ""
                ? short
                  ? `You have ${amount(balance, buying ? decimals : 18)} ${buying ? tokenName : index.symbol}`
                  : ""
                : typed.why
            }
            hint={
              address
                ? `You have ${amount(balance, buying ? decimals : 18)} ${buying ? tokenName : index.symbol}`
                : "Connect a wallet to see what you have"
            }
            onMax={
              (mode === "buyIn" && token) || mode === "sellIn"
                ? () => setText(formatUnits(balance, mode === "buyIn" ? decimals : 18))
                : undefined
            }
            suffix={
              mode === "buyIn" || mode === "sellOut" ? (
                <TokenSelect value={symbol} onChange={setSymbol} />
              ) : (
                <span className="shrink-0 text-sm font-medium">{index.symbol}</span>
              )
            }
          />
          {(mode === "buyOut" || mode === "sellIn") && (
            <div className="flex items-center justify-between text-sm">
              <span>{buying ? "Pay with" : "For"}</span>
              <TokenSelect value={symbol} onChange={setSymbol} />
            </div>
          )}
          <div className="flex flex-wrap items-end justify-between gap-3">
            <Select label="Slippage allowed" value={tolerance} onChange={setTolerance} options={TOLERANCES} />
            {buying && index.staking.stakedToken !== zeroAddress && (
              <label className="flex min-h-10 items-center gap-2 text-sm">
                <input
                  type="checkbox"
                  checked={stake}
                  onChange={(event) => setStake(event.target.checked)}
                  className="size-4 accent-[var(--accent)]"
                />
                Stake it at once (leaving takes {MAX_COOLDOWN / DAY} days)
              </label>
            )}
          </div>
          {buying && code && <Note kind="good" title={`Referral code ${code} goes with your first purchase.`} />}
          <NeedsWallet>
            {way === "approve" ? (
              <Button className="w-full" disabled={!q || short} busy={action.busy} onClick={() => void approve()}>
                Approve {buying ? tokenName : index.symbol}
              </Button>
            ) : (
              <Button
                type="submit"
                className="w-full"
                disabled={!q || short || stale}
                busy={action.busy || signing !== ""}
              >
                {stale
                  ? "The quote is old"
                  : way === "permit" || way === "permit2"
                    ? `Sign and ${side}`
                    : buying
                      ? "Buy"
                      : "Sell"}
              </Button>
            )}
          </NeedsWallet>
          {signing && <Note title={signing} />}
          <Progress action={action} />
        </form>
      </Card>
      <Card
        title="What you get"
        aside={stale ? "not refreshed: the endpoint does not answer" : q ? "refreshes every 12 seconds" : undefined}
      >
        {refusal ? (
          <Note kind="bad" title={refusal.title}>
            {refusal.next}
          </Note>
        ) : quote.isFetching && !q ? (
          <Skeleton lines={6} />
        ) : q && value ? (
          <Rows
            rows={[
              [
                buying ? "You pay" : "You sell",
                buying ? `${amount(q.tokens, decimals)} ${tokenName}` : `${amount(q.shares, 18)} ${index.symbol}`,
              ],
              [
                buying ? "You get" : "You receive",
                buying
                  ? `${amount(q.shares, 18)} ${stake ? `${index.symbol}, staked` : index.symbol}`
                  : `${amount(q.tokens, decimals)} ${tokenName}`,
              ],
              ["Worth at NAV", index.priced ? usd(nav) : "no price"],
              [buying ? "Dearer than NAV by" : "Less than NAV by", off === null ? "–" : percent(off)],
              ["Fee on minting, in it", buying ? `${Number(index.terms.mintFee) / 100} %` : "none on redemption"],
              [
                mode === "buyIn"
                  ? "At least"
                  : mode === "buyOut"
                    ? "At most"
                    : mode === "sellIn"
                      ? "At least"
                      : "At most",
                mode === "buyIn" || mode === "sellOut"
                  ? `${amount(limit ?? 0n, 18)} ${index.symbol}`
                  : `${amount(limit ?? 0n, decimals)} ${tokenName}`,
              ],
              [
                "Gas",
                gas
                  ? `${plain ? "" : "about "}${usd(gas.dollars)} (${gas.gas.toLocaleString("en-US")})`
                  : address
                    ? "…"
                    : "shown once a wallet is connected",
              ],
              ["Good for", "20 minutes after you sign"],
            ]}
          />
        ) : (
          <p className="text-sm text-muted">Enter an amount to see what would happen.</p>
        )}
      </Card>
    </div>
  );
}

/** Whether something of `at`, ms, is older than `life`, ms; looks every second. */
function useOlder(at: number | undefined, life: number): boolean {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return at !== undefined && now - at > life;
}

function TokenSelect({ value, onChange }: { value: string; onChange: (symbol: string) => void }) {
  const config = useConfig();
  const first = ["USDC", "USDT", "DAI"];
  const names = [
    ...first,
    ETHER,
    ...config.tokens.map((token) => token.symbol).filter((name) => !first.includes(name)),
  ];
  return <Select hidden label="Token" value={value} onChange={onChange} options={names.map((name) => [name, name])} />;
}
