import { useState } from "react";
import { type Connector, useAccount, useConnect, useDisconnect, useSwitchChain } from "wagmi";

import { useConfig } from "../chain/context";
import { makeWalletConnect } from "../chain/wagmi";
import { short } from "../lib/format";
import { explain } from "../write/errors";
import { Button, Dialog, Note } from "./kit";

/** Connect, switch the network, disconnect. */
export function Wallet() {
  const config = useConfig();
  const { address, chainId, isConnected } = useAccount();
  const { connectors, connectAsync } = useConnect();
  const { disconnect } = useDisconnect();
  const { switchChain, isPending: switching } = useSwitchChain();
  const [open, setOpen] = useState(false);
  const [why, setWhy] = useState("");
  const [busy, setBusy] = useState("");

  const choose = async (connector: Connector | ReturnType<typeof makeWalletConnect>, name: string) => {
    setBusy(name);
    setWhy("");
    try {
      await connectAsync({ connector });
      setOpen(false);
    } catch (error) {
      setWhy(explain(error).title);
    } finally {
      setBusy("");
    }
  };

  if (isConnected && address) {
    return (
      <div className="flex items-center gap-1">
        {chainId !== config.chainId && (
          <Button busy={switching} onClick={() => switchChain({ chainId: config.chainId })}>
            Switch to {config.network}
          </Button>
        )}
        <Dialog
          title="Your wallet"
          trigger={
            <Button kind="plain" className="font-mono">
              {short(address)}
            </Button>
          }
        >
          <p className="mb-3 font-mono text-sm break-all">{address}</p>
          <div className="flex gap-2">
            <Button kind="plain" onClick={() => void navigator.clipboard.writeText(address)}>
              Copy the address
            </Button>
            <Button kind="plain" onClick={() => disconnect()}>
              Disconnect
            </Button>
          </div>
        </Dialog>
      </div>
    );
  }

  const inSafe = window.parent !== window;
  const offered = connectors.filter((connector) => connector.id !== "safe" || inSafe);
  const project = config.walletConnectProjectId;
  return (
    <Dialog title="Connect a wallet" open={open} onOpenChange={setOpen} trigger={<Button>Connect</Button>}>
      <ul className="space-y-2">
        {offered.map((connector) => (
          <li key={connector.uid}>
            <Button kind="plain" className="w-full text-left" busy={busy === connector.name} onClick={() => void choose(connector, connector.name)}>
              {connector.name}
            </Button>
          </li>
        ))}
        {project && (
          <li>
            <Button kind="plain" className="w-full text-left" busy={busy === "WalletConnect"} onClick={() => void choose(makeWalletConnect(project), "WalletConnect")}>
              WalletConnect
            </Button>
          </li>
        )}
      </ul>
      {why && (
        <div className="mt-3">
          <Note kind="bad" title={why} />
        </div>
      )}
      <p className="mt-3 text-xs text-muted">Browser wallets announce themselves here. Hardware wallets connect through them.</p>
    </Dialog>
  );
}

/** What stands in place of a button until it can be pressed. */
export function NeedsWallet({ children }: { children: React.ReactNode }) {
  const config = useConfig();
  const { isConnected, chainId } = useAccount();
  if (!isConnected) return <Note title="Connect a wallet to go on." />;
  if (chainId !== config.chainId) return <Note kind="warn" title={`Your wallet is on another network. Switch it to ${config.network}, above.`} />;
  return children;
}
