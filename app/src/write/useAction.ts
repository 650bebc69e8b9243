import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import type { Abi, Address, Hash } from "viem";
import { useAccount, useConfig, usePublicClient } from "wagmi";
import { getWalletClient } from "wagmi/actions";

import { errorsAbi } from "../generated/abis";
import { explain, type Refusal } from "./errors";

/** A call that an account can make. `title` is what the person sees: "Buy 10 MAG7.ssi". */
export interface Call {
  title: string;
  address: Address;
  abi: Abi | readonly unknown[];
  functionName: string;
  args: readonly unknown[];
  value?: bigint;
  /**
   * Gas beyond the least that the call needs. A wallet's estimate is that least, and where a call goes on without an
   * inner one that ran out of gas, the inner one does not happen: a purchase would neither join its buyer nor bind them
   * to their referrer.
   */
  gasRoom?: bigint;
}

export type Step =
  | { at: "idle" }
  | { at: "simulating"; title: string }
  | { at: "signing"; title: string }
  | { at: "pending"; title: string; hash: Hash }
  | { at: "done"; title: string; hash: Hash; replaced: boolean }
  | { at: "failed"; title: string; refusal: Refusal; hash?: Hash };

const PENDING = "ssi.pending";

interface Pending {
  title: string;
  hash: Hash;
  from: Address;
}

function remember(pending: Pending | null): void {
  if (pending) localStorage.setItem(PENDING, JSON.stringify(pending));
  else localStorage.removeItem(PENDING);
}

function remembered(): Pending | null {
  try {
    return JSON.parse(localStorage.getItem(PENDING) ?? "null") as Pending | null;
  } catch {
    return null;
  }
}

/**
 * One write at a time: simulate, sign, wait, and end in a clear state.
 * What was sent is remembered, and `resume` goes on waiting for it: the header of the page does, after a reload.
 */
export function useAction(resume = false) {
  const [step, setStep] = useState<Step>({ at: "idle" });
  const client = usePublicClient();
  const wagmi = useConfig();
  const { address } = useAccount();
  const queries = useQueryClient();

  const wait = useCallback(
    async (pending: Pending) => {
      if (!client) return false;
      const { title } = pending;
      setStep({ at: "pending", title, hash: pending.hash });
      let reason: "cancelled" | "replaced" | "repriced" | null = null;
      try {
        const receipt = await client.waitForTransactionReceipt({
          hash: pending.hash,
          timeout: 600_000,
          onReplaced: (replacement) => {
            reason = replacement.reason;
          },
        });
        remember(null);
        await queries.invalidateQueries();
        const hash = receipt.transactionHash;
        if (reason === "cancelled" || reason === "replaced") {
          const refusal = {
            title:
              reason === "cancelled"
                ? "You cancelled the transaction in the wallet."
                : "Another transaction took its place.",
            next: "Nothing of it happened. Try again whenever you like.",
            detail: hash,
          };
          setStep({ at: "failed", title, refusal, hash });
          return false;
        }
        if (receipt.status === "reverted") {
          const refusal = {
            title: "The transaction was mined, and reverted.",
            next: "You keep everything but the gas. Refresh the quote and try again.",
            detail: hash,
          };
          setStep({ at: "failed", title, refusal, hash });
          return false;
        }
        setStep({ at: "done", title, hash, replaced: reason === "repriced" });
        return true;
      } catch (error) {
        // The hash stays remembered: it may still be mined.
        setStep({ at: "failed", title, refusal: explain(error), hash: pending.hash });
        return false;
      }
    },
    [client, queries],
  );

  useEffect(() => {
    const pending = remembered();
    if (resume && pending && client && address && pending.from === address && step.at === "idle") void wait(pending);
    // Only when the page or the account appears.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [client, address]);

  const run = useCallback(
    async (call: Call): Promise<boolean> => {
      const { title } = call;
      if (!client || !address) {
        const refusal = { title: "No wallet is connected.", next: "Connect a wallet first.", detail: "" };
        setStep({ at: "failed", title, refusal });
        return false;
      }
      try {
        setStep({ at: "simulating", title });
        // Asked for now: a hook's answer may still be of the network that the wallet was on.
        const wallet = await getWalletClient(wagmi);
        const abi = [...(call.abi as readonly unknown[]), ...errorsAbi] as Abi;
        const { address: to, functionName, args, value } = call;
        const asked = { account: address, address: to, abi, functionName, args: [...args], value };
        const { request } = await client.simulateContract(asked);
        const least = call.gasRoom === undefined ? undefined : await client.estimateContractGas(asked);
        const gas = least === undefined ? undefined : least + (call.gasRoom ?? 0n);
        setStep({ at: "signing", title });
        const hash = await wallet.writeContract({ ...request, gas, account: wallet.account } as Parameters<
          typeof wallet.writeContract
        >[0]);
        const pending = { title, hash, from: address };
        remember(pending);
        return await wait(pending);
      } catch (error) {
        setStep({ at: "failed", title, refusal: explain(error) });
        return false;
      }
    },
    [client, wagmi, address, wait],
  );

  const reset = useCallback(() => {
    // A person who has seen the end of it need not be told again after a reload.
    remember(null);
    setStep({ at: "idle" });
  }, []);

  const fail = useCallback(
    (title: string, error: unknown) => setStep({ at: "failed", title, refusal: explain(error) }),
    [],
  );

  return { step, run, fail, reset, busy: ["simulating", "signing", "pending"].includes(step.at) };
}

export type Action = ReturnType<typeof useAction>;
