import { type Address, getAbiItem, type Hex, toFunctionSelector } from "viem";
import { useReadContract, useReadContracts } from "wagmi";

import { contract, nameOf } from "../chain/config";
import { useConfig } from "../chain/context";
import { decode, EVERY_ABI, leaveBy, say, useChange } from "../data/changes";
import { useLogs, useNow } from "../data/logs";
import * as abis from "../generated/abis";
import { DAY, MAX_COOLDOWN, NOTICE } from "../generated/constants";
import { date, duration, short } from "../lib/format";
import { At, Card, Countdown, Page, Rows, Skeleton, Table } from "../ui/kit";

const LEAD =
  `A multisig decides, and every decision waits ${NOTICE / DAY} days in public: longer than the ` +
  `${MAX_COOLDOWN / DAY} days that a staker needs to leave. A guardian can stop and cancel at once, and do nothing ` +
  "else.";

const EVENTS = [
  getAbiItem({ abi: abis.protocolManagerAbi, name: "OperationScheduled" }),
  getAbiItem({ abi: abis.protocolManagerAbi, name: "OperationExecuted" }),
  getAbiItem({ abi: abis.protocolManagerAbi, name: "OperationCanceled" }),
] as const;
const NAMES = new Map(
  EVERY_ABI.flatMap((item) => (item.type === "function" ? [[toFunctionSelector(item), item.name] as const] : [])),
);
const ROLES: Record<string, string> = {
  "0": "Administrator: grants roles, changes the table",
  "1": "Governor: rules, fees within caps, paths, prices, rebalances",
  "2": "Guardian: stops minting and rebalances, cancels what is scheduled",
};

interface Operation {
  id: string;
  nonce: number;
  target: Address;
  data: Hex;
  ready: number;
  block: bigint;
  end: "waiting" | "executed" | "cancelled" | "expired" | "ready";
}

/** What is scheduled, who may do what after how long, and by when to leave. */
export default function Governance() {
  const config = useConfig();
  const now = useNow();
  const manager = { address: contract(config, "ProtocolManager"), abi: abis.protocolManagerAbi } as const;
  const logs = useLogs("operations", manager.address, EVENTS);
  const { data: expiration } = useReadContract({ ...manager, functionName: "expiration" });
  if (logs.isPending) return <Skeleton lines={8} />;

  const operations = new Map<string, Operation>();
  for (const log of logs.data ?? []) {
    const id = log.args.operationId ?? "0x";
    if (log.eventName === "OperationScheduled") {
      const { target, data, schedule, nonce } = log.args;
      operations.set(`${id}${nonce}`, {
        id,
        nonce: nonce ?? 0,
        target: target as Address,
        data: data as Hex,
        ready: Number(schedule),
        block: log.blockNumber ?? 0n,
        end: "waiting",
      });
    } else {
      const known = operations.get(`${id}${log.args.nonce}`);
      if (known) known.end = log.eventName === "OperationExecuted" ? "executed" : "cancelled";
    }
  }
  const list = [...operations.values()].map((op) => {
    if (op.end !== "waiting") return op;
    if (now >= op.ready + Number(expiration ?? 604_800)) return { ...op, end: "expired" as const };
    return now >= op.ready ? { ...op, end: "ready" as const } : op;
  });
  const pending = list.filter((op) => op.end === "waiting" || op.end === "ready");
  const past = list.filter((op) => op.end !== "waiting" && op.end !== "ready").reverse();
  return (
    <Page title="Governance" lead={LEAD}>
      <Card title="Scheduled" aside={`${pending.length} waiting`}>
        {pending.length === 0 ? (
          <p className="text-sm text-muted">
            Nothing is scheduled. Nothing can change within the next {NOTICE / DAY} days but what the guardian stops.
          </p>
        ) : (
          <ul className="space-y-4">
            {pending.map((op) => (
              <li key={`${op.id}${op.nonce}`} className="rounded-md border border-line p-3">
                <CallLine target={op.target} data={op.data} />
                <ChangeLine target={op.target} data={op.data} />
                <div className="mt-2">
                  <Rows
                    rows={[
                      [
                        "Can happen from",
                        op.end === "ready" ? (
                          "now"
                        ) : (
                          <span key="r">
                            {date(op.ready)} (<Countdown until={op.ready} />)
                          </span>
                        ),
                      ],
                      ["Void from", date(op.ready + Number(expiration ?? 604_800))],
                      [
                        "To be out before it, a staker asks to leave by",
                        leaveBy(op.ready) > now
                          ? `${date(leaveBy(op.ready))}, within ${duration(leaveBy(op.ready) - now)}`
                          : "it is too late to be out before; holders can redeem at any second",
                      ],
                      ["Operation", short(op.id)],
                    ]}
                  />
                </div>
              </li>
            ))}
          </ul>
        )}
      </Card>
      <Who />
      <Card title="What happened">
        <Table
          caption="Past operations, newest first"
          head={["Call", "Ended", "Ready from", "Operation"]}
          empty="Nothing has been decided since the deployment."
          rows={past
            .slice(0, 50)
            .map((op) => [
              <CallLine key="c" target={op.target} data={op.data} brief />,
              op.end,
              date(op.ready),
              short(op.id),
            ])}
        />
      </Card>
    </Page>
  );
}

/** A call in words: the function, then its arguments by name, folded where they are long. */
function CallLine({ target, data, brief = false }: { target: Address; data: Hex; brief?: boolean }) {
  const config = useConfig();
  const call = decode(data);
  const name = (address: string) => nameOf(config, address);
  const args = call?.args.map((arg, i) => [call.inputs[i]?.name || `argument ${i + 1}`, say(arg, name)] as const) ?? [];
  const long = args.reduce((sum, [, text]) => sum + text.length, 0) > 90;
  return (
    <div className={brief ? "max-w-md min-w-56 text-left break-words whitespace-normal" : "text-sm break-words"}>
      <At address={target} />
      {call ? (
        <>
          {" "}
          <strong>{call.name}</strong>
          {long ? (
            <details>
              <summary className="cursor-pointer text-accent">
                {args[0]?.[0]} {args[0]?.[1]} and more
              </summary>
              <dl className="mt-1 text-xs">
                {args.map(([label, text]) => (
                  <div key={label} className="mt-1">
                    <dt className="text-muted">{label}</dt>
                    <dd className="break-all">{text}</dd>
                  </div>
                ))}
              </dl>
            </details>
          ) : (
            <span className="[overflow-wrap:anywhere]">
              ({args.map(([label, text]) => `${label} ${text}`).join(", ")})
            </span>
          )}
        </>
      ) : (
        <code className="ml-1 break-all">{data}</code>
      )}
    </div>
  );
}

/** What is there now and what will be. */
function ChangeLine({ target, data }: { target: Address; data: Hex }) {
  const config = useConfig();
  const change = useChange(target, decode(data), (address) => nameOf(config, address));
  if (!change) return null;
  return (
    <dl className="mt-2 grid gap-2 text-sm sm:grid-cols-2">
      {(
        [
          ["Before", change.before],
          ["After", change.after],
        ] as const
      ).map(([label, text]) => (
        <div key={label} className="min-w-0 rounded bg-sunken px-3 py-2">
          <dt className="text-xs text-muted">{label}</dt>
          <dd className="break-words">{text}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Rows of the role table with each role's delay, read from the deployed manager. */
function Who() {
  const config = useConfig();
  const manager = { address: contract(config, "ProtocolManager"), abi: abis.protocolManagerAbi } as const;
  const { data: rows } = useReadContract({
    address: contract(config, "RoleTable"),
    abi: abis.roleTableAbi,
    functionName: "rows",
  });
  const safes = [
    ["0", "Safe"],
    ["1", "Safe"],
    ["2", "GuardianSafe"],
  ] as const;
  const { data: access } = useReadContracts({
    allowFailure: true,
    contracts: safes.map(
      ([role, who]) =>
        ({
          ...manager,
          functionName: "getAccess",
          args: [BigInt(role), config.contracts[who] ?? manager.address],
        }) as const,
    ),
  });
  const delay = (role: bigint) => {
    const answer = access?.[Number(role)]?.result as readonly [number, number, number, number] | undefined;
    return answer ? (answer[1] === 0 ? "at once" : `after ${duration(answer[1])}`) : "–";
  };
  return (
    <Card title="Who may do what, after how long">
      <Rows
        rows={safes.map(([role, who]) => [
          ROLES[role] ?? role,
          <span key={role}>
            <At address={config.contracts[who] ?? manager.address} name={who} />, {delay(BigInt(role))}
          </span>,
        ])}
      />
      {rows && (
        <details className="mt-3">
          <summary className="cursor-pointer text-sm text-accent">All {rows.length} restricted functions</summary>
          <div className="mt-2">
            <Table
              caption="Restricted functions"
              head={["Contract and function", "Role", "Delay"]}
              rows={rows.map((row) => [
                `${row.target}.${NAMES.get(row.selector) ?? row.selector}`,
                ["Administrator", "Governor", "Guardian"][Number(row.role)] ?? String(row.role),
                delay(row.role),
              ])}
            />
          </div>
        </details>
      )}
    </Card>
  );
}
