// Runs in the page before anything of the site: a wallet that announces itself as EIP-6963 wants it.
import { announce, localWallet } from "../../../src/chain/localWallet";

const { key, rpc, chainId } = JSON.parse(WALLET) as { key: `0x${string}`; rpc: string; chainId?: number };
const switches = window as unknown as { rejectNext?: boolean };

announce(
  localWallet(key, rpc, {
    chainId,
    approve: () => {
      const rejected = switches.rejectNext === true;
      switches.rejectNext = false;
      return !rejected;
    },
  }),
  "Journey wallet",
);

declare const WALLET: string;
