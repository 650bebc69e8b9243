import { createPublicClient, createWalletClient, type EIP1193Parameters, type Hex, http, numberToHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { mainnet } from "viem/chains";

/** Where the wallet remembers, as real ones do, that this site may see the account. */
export const GRANTED = "ssi.testWallet.granted";

type Listener = (...args: unknown[]) => void;

/** What a refusal by the person looks like to a page (EIP-1193). */
class Rejected extends Error {
  code = 4001;
}

interface Options {
  /** Asked before anything is signed; false refuses. */
  approve?: () => boolean | Promise<boolean>;
  chainId?: number;
}

/**
 * An EIP-1193 provider that signs with a local key and sends to a development chain.
 * For the test wallet of a local fork and for the browser tests; it has no place near real money.
 */
export function localWallet(key: Hex, rpc: string, options: Options = {}) {
  const account = privateKeyToAccount(key);
  const transport = http(rpc);
  const reader = createPublicClient({ chain: mainnet, transport });
  const wallet = createWalletClient({ account, chain: mainnet, transport });
  const listeners = new Map<string, Set<Listener>>();
  let chainId = options.chainId ?? mainnet.id;

  const sign = async () => {
    if (options.approve && !(await options.approve())) throw new Rejected("User rejected the request.");
  };
  const emit = (event: string, ...args: unknown[]) => listeners.get(event)?.forEach((listener) => listener(...args));

  return {
    on(event: string, listener: Listener) {
      if (!listeners.has(event)) listeners.set(event, new Set());
      listeners.get(event)?.add(listener);
    },
    removeListener(event: string, listener: Listener) {
      listeners.get(event)?.delete(listener);
    },
    async request({ method, params }: EIP1193Parameters | { method: string; params?: unknown }): Promise<unknown> {
      const list = (params ?? []) as unknown[];
      switch (method) {
        case "eth_accounts":
          return localStorage.getItem(GRANTED) === account.address ? [account.address] : [];
        case "eth_requestAccounts":
          localStorage.setItem(GRANTED, account.address);
          return [account.address];
        case "eth_chainId":
          return numberToHex(chainId);
        case "wallet_revokePermissions":
          localStorage.removeItem(GRANTED);
          return null;
        case "wallet_requestPermissions":
          localStorage.setItem(GRANTED, account.address);
          return [{ parentCapability: "eth_accounts" }];
        case "wallet_switchEthereumChain": {
          chainId = Number((list[0] as { chainId: Hex }).chainId);
          emit("chainChanged", numberToHex(chainId));
          return null;
        }
        case "personal_sign":
          await sign();
          return account.signMessage({ message: { raw: list[0] as Hex } });
        case "eth_signTypedData_v4": {
          await sign();
          const { domain, types, primaryType, message } = JSON.parse(list[1] as string) as Parameters<
            typeof account.signTypedData
          >[0];
          return account.signTypedData({ domain, types, primaryType, message } as Parameters<
            typeof account.signTypedData
          >[0]);
        }
        case "eth_sendTransaction": {
          await sign();
          const { to, data, value, gas } = list[0] as { to: Hex; data?: Hex; value?: Hex; gas?: Hex };
          return wallet.sendTransaction({
            to,
            data,
            value: value ? BigInt(value) : 0n,
            gas: gas ? BigInt(gas) : undefined,
          });
        }
        default:
          return reader.request({ method, params: list } as never);
      }
    },
  };
}

/** Announces a wallet to pages as EIP-6963 wants it. */
export function announce(provider: ReturnType<typeof localWallet>, name = "SSI test wallet"): void {
  const icon =
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'>" +
    "<rect width='1' height='1' fill='gray'/></svg>";
  const info = { uuid: "5a1b3c1e-6f0f-4e0e-9d0e-0f0000000551", name, icon, rdns: "test.ssi.wallet" };
  const say = () =>
    window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider }) }));
  window.addEventListener("eip6963:requestProvider", say);
  say();
}
