// Runs in the page before anything of the site: a wallet that announces itself as EIP-6963 wants it.
import { announce, GRANTED, localWallet } from "../../../src/chain/localWallet";

declare const WALLET: string;

const { key, address, rpc, chainId, connected } = JSON.parse(WALLET) as {
  key: `0x${string}`;
  address: string;
  rpc: string;
  chainId?: number;
  connected: boolean;
};

/** What a test does to the person at the wallet. */
const person = window as unknown as { rejectNext?: boolean; letSign?: () => void; waits?: boolean };

if (connected && localStorage.getItem(GRANTED) === null) localStorage.setItem(GRANTED, address);

announce(
  localWallet(key, rpc, {
    chainId,
    approve: async () => {
      const rejected = person.rejectNext === true;
      person.rejectNext = false;
      if (person.waits) await new Promise<void>((resolve) => (person.letSign = resolve));
      return !rejected;
    },
  }),
  "Journey wallet",
);
