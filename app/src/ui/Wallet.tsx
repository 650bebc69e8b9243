import { useState } from "react";
import {
  type Connector,
  type CreateConnectorFn,
  useAccount,
  useConfig as useWagmi,
  useConnect,
  useDisconnect,
  useSwitchChain,
} from "wagmi";

import { useConfig } from "../chain/context";
import { makeCoinbase, makeWalletConnect } from "../chain/wagmi";
import { short } from "../lib/format";
import { explain } from "../write/errors";
import { Button, Dialog, Note } from "./kit";
import { Pairing } from "./Pairing";

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
  const [pairing, setPairing] = useState("");
  const wagmi = useWagmi();

  const choose = async (made: Connector | CreateConnectorFn, name: string) => {
    setBusy(name);
    setWhy("");
    setPairing("");
    const connector = typeof made === "function" ? wagmi._internal.connectors.setup(made) : made;
    connector.emitter.on("message", ({ type, data }) => {
      if (type === "display_uri") setPairing(String(data));
    });
    try {
      await connectAsync({ connector });
      setOpen(false);
    } catch (error) {
      setWhy(explain(error).title);
    } finally {
      setBusy("");
      setPairing("");
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

  const known = connectors.map((connector): [string, string, Connector | CreateConnectorFn] => [
    connector.uid,
    connector.name,
    connector,
  ]);
  const has = (id: string) => connectors.some((connector) => connector.id === id);
  const project = config.walletConnectProjectId;
  const offered: typeof known = [
    ...known,
    ...(has("coinbaseWalletSDK") ? [] : [["coinbase", "Coinbase Wallet", makeCoinbase()] as (typeof known)[number]]),
    ...(project && !has("walletConnect")
      ? [["walletConnect", "WalletConnect", makeWalletConnect(project)] as (typeof known)[number]]
      : []),
  ];
  return (
    <Dialog title="Connect a wallet" open={open} onOpenChange={setOpen} trigger={<Button>Connect</Button>}>
      <ul className="space-y-2">
        {offered.map(([key, name, connector]) => (
          <li key={key}>
            <Button
              kind="plain"
              className="w-full text-left"
              busy={busy === name}
              onClick={() => void choose(connector, name)}
            >
              {name}
            </Button>
          </li>
        ))}
      </ul>
      {pairing && <Pairing uri={pairing} />}
      {why && (
        <div className="mt-3">
          <Note kind="bad" title={why} />
        </div>
      )}
      <p className="mt-3 text-xs text-muted">
        Browser wallets announce themselves here. Hardware wallets connect through them.
      </p>
    </Dialog>
  );
}

/** What stands in place of a button until it can be pressed. */
export function NeedsWallet({ children }: { children: React.ReactNode }) {
  const config = useConfig();
  const { isConnected, chainId } = useAccount();
  if (!isConnected) return <Note title="Connect a wallet to go on." />;
  if (chainId !== config.chainId)
    return <Note kind="warn" title={`Your wallet is on another network. Switch it to ${config.network}, above.`} />;
  return children;
}
