import { useState } from "react";
import { type Abi, erc20Abi, type PublicClient } from "viem";
import { useAccount, usePublicClient, useReadContract, useReadContracts } from "wagmi";

import type { Overview } from "../data/indexes";
import { indexTokenAbi } from "../generated/abis";
import { amount, parseAmount } from "../lib/format";
import { atLeast, atMost } from "../lib/math";
import { explain } from "../write/errors";
import { deadlineFrom } from "../write/permission";
import { useAction } from "../write/useAction";
import { Button, Card, Field, Note, Select, Table } from "./kit";
import { Progress } from "./Progress";
import { NeedsWallet } from "./Wallet";

const ROOM = 10n ** 15n; // 0.1 %: units move by the second with the streaming fee

/** Mint from constituents, redeem into constituents, and collect claims on broken ones. Needs no pool and no price. */
export function InKind({ index }: { index: Overview }) {
  const { address } = useAccount();
  const client = usePublicClient() as PublicClient;
  const action = useAction();
  const [side, setSide] = useState<"redeem" | "mint">("redeem");
  const [text, setText] = useState("");
  const typed = parseAmount(text, 18);
  const shares = typed.ok ? typed.value : 0n;
  const at = { address: index.index, abi: indexTokenAbi } as const;

  const held = useReadContract({
    ...at,
    functionName: "balanceOf",
    args: address ? [address] : undefined,
    query: { enabled: !!address, refetchInterval: 12_000 },
  });
  const preview = useReadContract({
    ...at,
    functionName: side === "redeem" ? "previewRedeem" : "previewMint",
    args: [shares],
    query: { enabled: shares > 0n, refetchInterval: 12_000, retry: false },
  });
  const hash = useReadContract({ ...at, functionName: "basketHash", query: { refetchInterval: 30_000 } });
  const mine = useReadContracts({
    allowFailure: true,
    contracts: address
      ? index.constituents.flatMap((c) => [
          { address: c.token, abi: erc20Abi, functionName: "balanceOf", args: [address] } as const,
          { address: c.token, abi: erc20Abi, functionName: "allowance", args: [address, index.index] } as const,
          { ...at, functionName: "claimOf", args: [c.token, address] } as const,
        ])
      : [],
    query: { enabled: !!address, refetchInterval: 12_000 },
  });
  const own = (i: number, what: 0 | 1 | 2) => (mine.data?.[3 * i + what]?.result as bigint | undefined) ?? 0n;
  const amounts = preview.data ?? [];
  const redeeming = side === "redeem";
  const refusal = preview.error && shares > 0n ? explain(preview.error) : null;
  const tooMuch = redeeming && shares > (held.data ?? 0n);
  const missing = redeeming ? -1 : index.constituents.findIndex((_, i) => own(i, 0) < (amounts[i] ?? 0n));
  const unallowed = redeeming ? -1 : index.constituents.findIndex((_, i) => own(i, 1) < atMost(amounts[i] ?? 0n, ROOM));

  const go = async () => {
    const deadline = await deadlineFrom(client);
    const names = hash.data as `0x${string}`;
    return action.run(
      redeeming
        ? {
            title: `Redeem ${text} ${index.symbol} in kind`,
            ...at,
            abi: indexTokenAbi as Abi,
            functionName: "redeem",
            args: [shares, address, address, names, amounts.map((each) => atLeast(each, ROOM)), deadline],
          }
        : {
            title: `Mint ${text} ${index.symbol} in kind`,
            ...at,
            abi: indexTokenAbi as Abi,
            functionName: "mint",
            args: [shares, address, names, amounts.map((each) => atMost(each, ROOM)), deadline],
          },
    );
  };
  const approve = (i: number) => {
    const c = index.constituents[i];
    if (!c) return;
    void action.run({
      title: `Approve ${c.symbol}`,
      address: c.token,
      abi: erc20Abi,
      functionName: "approve",
      args: [index.index, atMost(amounts[i] ?? 0n, ROOM)],
    });
  };

  const claims = index.constituents.map((c, i) => ({ c, owed: own(i, 2) })).filter(({ owed }) => owed > 0n);
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Card title={redeeming ? "Redeem into constituents" : "Mint from constituents"}>
        <form
          className="space-y-3"
          onSubmit={(event) => {
            event.preventDefault();
            void go();
          }}
        >
          <Select
            label="Direction"
            value={side}
            onChange={(next) => setSide(next as "redeem" | "mint")}
            options={[
              ["redeem", "Redeem"],
              ["mint", "Mint"],
            ]}
          />
          <Field
            label="Shares"
            value={text}
            onChange={setText}
            suffix={<span className="text-sm font-medium">{index.symbol}</span>}
            error={!typed.ok ? typed.why : tooMuch ? `You have ${amount(held.data ?? 0n, 18)}` : ""}
            hint={address ? `You have ${amount(held.data ?? 0n, 18)} ${index.symbol}` : undefined}
          />
          {refusal && (
            <Note kind="bad" title={refusal.title}>
              {refusal.next}
            </Note>
          )}
          {missing >= 0 && shares > 0n && (
            <Note kind="warn" title={`You have too little ${index.constituents[missing]?.symbol}.`} />
          )}
          <NeedsWallet>
            {unallowed >= 0 && missing < 0 && shares > 0n ? (
              <Button className="w-full" busy={action.busy} onClick={() => approve(unallowed)}>
                Approve {index.constituents[unallowed]?.symbol}
              </Button>
            ) : (
              <Button
                type="submit"
                className="w-full"
                busy={action.busy}
                disabled={shares === 0n || amounts.length === 0 || tooMuch || missing >= 0 || !hash.data}
              >
                {redeeming ? "Redeem in kind" : "Mint in kind"}
              </Button>
            )}
          </NeedsWallet>
          <Progress action={action} />
        </form>
      </Card>
      <Card title={redeeming ? "You receive" : "You pay"}>
        <Table
          caption="Amounts of each constituent"
          head={["Constituent", "Amount", "You have"]}
          rows={index.constituents.map((c, i) => [
            c.symbol,
            amounts[i] === undefined ? "–" : amount(amounts[i], c.decimals),
            amount(own(i, 0), c.decimals),
          ])}
        />
        <p className="mt-2 text-xs text-muted">
          A constituent whose transfer fails becomes your claim. The rest is paid at once, and you collect the claim
          when that token works again.
        </p>
      </Card>
      {claims.length > 0 && (
        <Card title="Your open claims" className="lg:col-span-2">
          <Table
            caption="Open claims"
            head={["Constituent", "Owed", ""]}
            rows={claims.map(({ c, owed }) => [
              c.symbol,
              amount(owed, c.decimals),
              <Button
                key="b"
                kind="plain"
                busy={action.busy}
                onClick={() =>
                  void action.run({
                    title: `Collect ${c.symbol}`,
                    ...at,
                    abi: indexTokenAbi as Abi,
                    functionName: "claim",
                    args: [c.token, owed, address, 0n],
                  })
                }
              >
                Collect {c.symbol}
              </Button>,
            ])}
          />
        </Card>
      )}
    </div>
  );
}
