import { useState } from "react";
import { type Abi, getAbiItem, type Hex, zeroAddress, zeroHash } from "viem";
import { useAccount, useReadContracts } from "wagmi";

import { contract } from "../chain/config";
import { useConfig } from "../chain/context";
import { useLogs } from "../data/logs";
import { fromBytes32, isCode, keptReferral, toBytes32 } from "../data/referral";
import { pointsLedgerAbi, referralRegistryAbi } from "../generated/abis";
import { date, points, short } from "../lib/format";
import { bonusOfReferee } from "../lib/math";
import { At, Button, Card, Field, Note, Page, Rows, Table, Tx } from "../ui/kit";
import { Progress } from "../ui/Progress";
import { NeedsWallet } from "../ui/Wallet";
import { useAction } from "../write/useAction";

const LEAD =
  "A friend who buys through your link gets 5 % more points, and you get 10 % of theirs, up to as many as you have " +
  "yourself. One level, for ever, and no account can change it.";

const BOUND = getAbiItem({ abi: referralRegistryAbi, name: "Bound" });
const RECORDED = getAbiItem({ abi: pointsLedgerAbi, name: "Recorded" });
const CREDITED = getAbiItem({ abi: pointsLedgerAbi, name: "ReferralCredited" });

/** A code of one's own, the link, and who came by it. */
export default function Referral() {
  const config = useConfig();
  const { address } = useAccount();
  const action = useAction();
  const [text, setText] = useState("");
  const who = address ?? zeroAddress;
  const registry = { address: contract(config, "ReferralRegistry"), abi: referralRegistryAbi } as const;
  const { data } = useReadContracts({
    allowFailure: false,
    contracts: [
      { ...registry, functionName: "codeOf", args: [who] },
      { ...registry, functionName: "referrerOf", args: [who] },
    ],
    query: { enabled: !!address, refetchInterval: 15_000 },
  });
  const code = data && data[0] !== zeroHash ? fromBytes32(data[0]) : null;
  const [referrer, boundAt] = data?.[1] ?? [zeroAddress, 0n];
  const bonds = useLogs("bonds", registry.address, [BOUND], { referrer: who }, !!address);
  const credits = useLogs("credits", contract(config, "PointsLedger"), [CREDITED], { referrer: who }, !!address);
  const earned = (referee: string) =>
    (credits.data ?? []).reduce(
      (sum, log) => (log.args.referee?.toLowerCase() === referee.toLowerCase() ? sum + (log.args.credit ?? 0n) : sum),
      0n,
    );
  const referees = (bonds.data ?? []).map((log) => log.args.referee ?? zeroAddress);
  const ledger = contract(config, "PointsLedger");
  const records = useLogs("referees", ledger, [RECORDED], { account: referees }, referees.length > 0);
  const gained = (referee: string) =>
    (records.data ?? []).reduce(
      (sum, log) =>
        log.args.account?.toLowerCase() === referee.toLowerCase() ? sum + bonusOfReferee(log.args.points ?? 0n) : sum,
      0n,
    );
  const own = useLogs("own records", ledger, [RECORDED], { account: who }, !!address && referrer !== zeroAddress);
  const mine = (own.data ?? []).reduce((sum, log) => sum + bonusOfReferee(log.args.points ?? 0n), 0n);
  const link = code ? `${location.origin}${location.pathname}?ref=${code}` : "";
  const kept = keptReferral();
  const wanted = text.trim().toUpperCase();
  const register = (value: Hex) =>
    action.run({
      title: `Register ${wanted}`,
      address: registry.address,
      abi: referralRegistryAbi as Abi,
      functionName: "register",
      args: [value],
    });

  return (
    <Page title="Referral" lead={LEAD}>
      {!address && <Note title="Connect a wallet to see your code." />}
      <div className="grid gap-4 lg:grid-cols-2">
        <Card title="Your code">
          {code ? (
            <>
              <p className="text-2xl font-semibold tracking-wide">{code}</p>
              <p className="mt-2 text-sm break-all text-muted" data-testid="link">
                {link}
              </p>
              <Button kind="plain" className="mt-3" onClick={() => void navigator.clipboard.writeText(link)}>
                Copy the link
              </Button>
            </>
          ) : (
            <form
              className="space-y-3"
              onSubmit={(event) => {
                event.preventDefault();
                void register(toBytes32(wanted));
              }}
            >
              <Field
                label="Code"
                inputMode="text"
                placeholder="MYCODE"
                value={text}
                onChange={setText}
                error={wanted && !isCode(wanted) ? "3 to 16 of A–Z and 0–9" : ""}
                hint="One code an account, for ever. First come, first served."
              />
              <NeedsWallet>
                <Button type="submit" disabled={!isCode(wanted)} busy={action.busy}>
                  Register {isCode(wanted) ? wanted : "the code"}
                </Button>
              </NeedsWallet>
            </form>
          )}
        </Card>
        <Card title="Who referred you">
          {referrer !== zeroAddress ? (
            <Rows
              rows={[
                ["Referrer", <At key="r" address={referrer} />],
                ["Since", date(boundAt)],
                ["Points that it has brought you", points(mine)],
              ]}
            />
          ) : kept ? (
            <>
              <p className="text-sm">
                You came with the code <strong>{kept}</strong>. It binds you with your first purchase, or now:
              </p>
              <div className="mt-3">
                <NeedsWallet>
                  <Button
                    kind="plain"
                    busy={action.busy}
                    onClick={() =>
                      void action.run({
                        title: `Bind to ${kept}`,
                        address: registry.address,
                        abi: referralRegistryAbi as Abi,
                        functionName: "bind",
                        args: [toBytes32(kept)],
                      })
                    }
                  >
                    Bind to {kept} now
                  </Button>
                </NeedsWallet>
              </div>
            </>
          ) : (
            <p className="text-sm text-muted">
              No account. To be bound to a friend, open their link before your first purchase.
            </p>
          )}
        </Card>
      </div>
      <Progress action={action} />
      <Card title="Whom you referred">
        <Table
          caption="Accounts that you referred"
          head={["Account", "Brought you, points", "Got themselves, points", "Bound in"]}
          empty="No account yet."
          rows={(bonds.data ?? []).map((log) => [
            short(log.args.referee ?? zeroAddress),
            points(earned(log.args.referee ?? zeroAddress)),
            points(gained(log.args.referee ?? zeroAddress)),
            <Tx key="tx" hash={log.transactionHash} />,
          ])}
        />
        <p className="mt-2 text-xs text-muted">
          From epochs that are recorded. What they brought counts for you up to as many points as you have yourself in
          that epoch.
        </p>
      </Card>
    </Page>
  );
}
