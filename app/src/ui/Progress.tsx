import { Button, Note, Tx } from "./kit";
import type { Action } from "../write/useAction";

/** Where a write stands, from the simulation to the receipt. */
export function Progress({ action }: { action: Action }) {
  const { step, reset } = action;
  switch (step.at) {
    case "idle":
      return null;
    case "simulating":
      return <Note title={step.title}>Trying it out against the chain…</Note>;
    case "signing":
      return <Note title={step.title}>It would go through. Sign it in your wallet.</Note>;
    case "pending":
      return (
        <Note title={step.title}>
          Sent as <Tx hash={step.hash} />. Waiting for a block; you may close this page, nothing is lost.
        </Note>
      );
    case "done":
      return (
        <Note kind="good" title={`Done: ${step.title}`}>
          <p>
            {step.replaced && "Your wallet sent it again with a higher fee. "}
            Transaction <Tx hash={step.hash} />
          </p>
          <Button kind="quiet" className="mt-1 -ml-4" onClick={reset}>
            Dismiss
          </Button>
        </Note>
      );
    case "failed":
      return (
        <Note kind="bad" title={step.refusal.title}>
          <p>{step.refusal.next}</p>
          {step.refusal.detail && <p className="mt-1 text-xs break-all opacity-80">{step.refusal.detail}</p>}
          <Button kind="quiet" className="mt-1 -ml-4" onClick={reset}>
            Dismiss
          </Button>
        </Note>
      );
  }
}
