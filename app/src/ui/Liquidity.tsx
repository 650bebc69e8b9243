import { useState } from "react";
import { type Abi, type Address, erc20Abi, formatUnits } from "viem";
import { useReadContract } from "wagmi";

import { contract, nameOf } from "../chain/config";
import { useConfig } from "../chain/context";
import { type LpStake, positionsAbi, useLocked, useOwnPositions } from "../data/locked";
import { useNow } from "../data/logs";
import { lpLockerAbi } from "../generated/abis";
import { BOOST, DAY, LOCK_COOLDOWN, LOCKED } from "../generated/constants";
import { amount, parseAmount, short, usd } from "../lib/format";
import { type Action, type Call, useAction } from "../write/useAction";
import { Button, Card, Countdown, Dialog, Field, Note, Rows, Skeleton, Table } from "./kit";
import { Progress } from "./Progress";

const WAIT = LOCK_COOLDOWN / DAY; // days

/** Uniswap liquidity: positions of v3 and LP tokens of v2, locked, leaving, and ready to lock. */
export function Liquidity({ who }: { who: Address }) {
  const config = useConfig();
  const now = useNow();
  const action = useAction();
  const locker = contract(config, "LpLocker");
  const all = useLocked(who);
  const own = useOwnPositions(who);
  const name = (address: string) => nameOf(config, address) ?? short(address);
  const call = (title: string, functionName: string, args: readonly unknown[]): Call => ({
    title,
    address: locker,
    abi: lpLockerAbi as Abi,
    functionName,
    args,
  });
  const run = (title: string, functionName: string, args: readonly unknown[]) =>
    void action.run(call(title, functionName, args));
  const lock = async (id: bigint) => {
    const approve = {
      address: config.external.positionManager,
      abi: positionsAbi as Abi,
      functionName: "approve",
      args: [locker, id],
    };
    if (await action.run({ title: `Allow the locker to take position ${id}`, ...approve }))
      run(`Lock position ${id}`, "lockPosition", [id]);
  };
  const pairOf = (pool: string) => {
    const found = all?.pools.find((one) => one.pool === pool);
    return found ? `${name(found.token0)} / ${name(found.token1)}` : short(pool);
  };
  return (
    <Card
      title="Locked liquidity"
      aside={all ? `${all.pools.filter((pool) => !pool.removed).length} pools can be locked` : undefined}
    >
      {!all ? (
        <Skeleton lines={3} />
      ) : (
        <div className="space-y-4">
          <Table
            caption="Your Uniswap v3 positions"
            head={["Position", "Worth", "State", ""]}
            empty="You have no Uniswap v3 position of an index in this wallet, and none is locked."
            rows={[
              ...own.map((c) => [
                `No. ${c.id}: ${name(c.token0)} / ${name(c.token1)}`,
                "–",
                "in your wallet",
                <Button key="b" kind="plain" busy={action.busy} onClick={() => void lock(c.id)}>
                  Lock position {String(c.id)}
                </Button>,
              ]),
              ...all.positions.map((p) => [
                `No. ${p.id}: ${pairOf(p.pool)}`,
                p.dollars === undefined ? "no price" : usd(p.dollars),
                p.maturesAt === 0n ? (
                  "locked"
                ) : now >= Number(p.maturesAt) ? (
                  "can be taken out"
                ) : (
                  <span key="t">
                    leaving, <Countdown until={Number(p.maturesAt)} /> left
                  </span>
                ),
                <span key="b" className="flex flex-wrap justify-end gap-2">
                  <Button
                    kind="plain"
                    busy={action.busy}
                    onClick={() => run(`Collect the fees of position ${p.id}`, "collect", [p.id, who])}
                  >
                    Collect fees
                  </Button>
                  {p.maturesAt === 0n ? (
                    <Button
                      kind="plain"
                      busy={action.busy}
                      onClick={() => run(`Ask to unlock position ${p.id}`, "requestUnlock", [p.id])}
                    >
                      Unlock position {String(p.id)}
                    </Button>
                  ) : now >= Number(p.maturesAt) ? (
                    <Button
                      kind="plain"
                      busy={action.busy}
                      onClick={() => run(`Take position ${p.id} out`, "unlock", [p.id, who])}
                    >
                      Take position {String(p.id)} out
                    </Button>
                  ) : (
                    <Button
                      kind="plain"
                      busy={action.busy}
                      onClick={() => run(`Keep position ${p.id} locked`, "cancelUnlock", [p.id])}
                    >
                      Keep it locked
                    </Button>
                  )}
                </span>,
              ]),
            ]}
          />
          {all.stakes
            .filter((stake) => stake.held + stake.locked + stake.cooling + stake.matured > 0n)
            .map((stake) => (
              <LpTokens
                key={stake.pool.pool}
                who={who}
                stake={stake}
                name={pairOf(stake.pool.pool)}
                action={action}
                call={call}
                now={now}
              />
            ))}
          <p className="text-xs text-muted">
            Locked liquidity earns {LOCKED} points a dollar and day, up to {LOCKED * (1 + BOOST)} with SOSO. Leaving
            takes {WAIT} days. Trading fees stay yours.
          </p>
        </div>
      )}
      <div className="mt-3">
        <Progress action={action} />
      </div>
    </Card>
  );
}

function LpTokens({
  who,
  stake,
  name,
  action,
  call,
  now,
}: {
  who: Address;
  stake: LpStake;
  name: string;
  action: Action;
  call: (title: string, functionName: string, args: readonly unknown[]) => Call;
  now: number;
}) {
  const config = useConfig();
  const locker = contract(config, "LpLocker");
  const pool = stake.pool.pool;
  const [text, setText] = useState("");
  const [asking, setAsking] = useState(false);
  const { data: allowed = 0n } = useReadContract({
    address: pool,
    abi: erc20Abi,
    functionName: "allowance",
    args: [who, locker],
    query: { refetchInterval: 12_000 },
  });
  const typed = parseAmount(text, 18);
  const value = typed.ok ? typed.value : 0n;
  const cooling = stake.cooling > 0n;

  const lock = async () => {
    const approve = {
      title: "Approve LP tokens",
      address: pool,
      abi: erc20Abi as Abi,
      functionName: "approve",
      args: [locker, value],
    };
    if (allowed < value && !(await action.run(approve))) return;
    if (await action.run(call(`Lock ${text} LP tokens`, "lockTokens", [pool, value]))) setText("");
  };
  const unlock = async () => {
    setAsking(false);
    if (await action.run(call(`Ask to unlock ${text} LP tokens`, "requestUnlockTokens", [who, pool, value])))
      setText("");
  };
  return (
    <section aria-label={`LP tokens of ${name}`} className="rounded-md border border-line p-3">
      <h3 className="text-sm font-medium">LP tokens of Uniswap v2: {name}</h3>
      <Rows
        rows={[
          ["In your wallet", amount(stake.held, 18)],
          [
            "Locked",
            stake.dollars === undefined
              ? amount(stake.locked, 18)
              : `${amount(stake.locked, 18)}, worth ${usd(stake.dollars)} with what is leaving`,
          ],
          [
            "Leaving",
            cooling ? (
              <span key="c">
                {amount(stake.cooling, 18)}, <Countdown until={Number(stake.maturesAt)} /> left
              </span>
            ) : (
              "nothing"
            ),
          ],
          ["Can be taken out", amount(stake.matured, 18)],
        ]}
      />
      <div className="mt-2 max-w-md">
        <Field
          label="LP tokens"
          value={text}
          onChange={setText}
          onMax={() => setText(formatUnits(stake.held > 0n ? stake.held : stake.locked, 18))}
          error={typed.ok ? "" : typed.why}
        />
      </div>
      {cooling && value > 0n && value <= stake.locked && (
        <Note kind="warn" title="Unlocking more starts your timer again.">
          What is leaving now waits another {WAIT} days, together with what you add.
        </Note>
      )}
      <div className="mt-2 flex flex-wrap gap-2">
        <Button
          kind="plain"
          busy={action.busy}
          disabled={value === 0n || value > stake.held || stake.pool.removed}
          onClick={() => void lock()}
        >
          Lock LP tokens
        </Button>
        <Button
          kind="plain"
          busy={action.busy}
          disabled={value === 0n || value > stake.locked}
          onClick={() => (cooling ? setAsking(true) : void unlock())}
        >
          Unlock LP tokens
        </Button>
        {cooling && now < Number(stake.maturesAt) && (
          <Button
            kind="plain"
            busy={action.busy}
            onClick={() => void action.run(call("Keep LP tokens locked", "cancelUnlockTokens", [who, pool]))}
          >
            Keep them locked
          </Button>
        )}
        {stake.matured > 0n && (
          <Button
            kind="plain"
            busy={action.busy}
            onClick={() => void action.run(call("Take LP tokens out", "unlockTokens", [who, pool, who]))}
          >
            Take LP tokens out
          </Button>
        )}
      </div>
      <Dialog title="Start the timer again?" open={asking} onOpenChange={setAsking}>
        <p className="text-sm">If you unlock more now, everything that is leaving waits {WAIT} days from now.</p>
        <div className="mt-4 flex gap-2">
          <Button onClick={() => void unlock()}>Unlock and restart the timer</Button>
          <Button kind="plain" onClick={() => setAsking(false)}>
            Keep the timer
          </Button>
        </div>
      </Dialog>
    </section>
  );
}
