import { createConfig, http, injected } from "wagmi";
import { coinbaseWallet, safe, walletConnect } from "wagmi/connectors";
import { defineChain } from "viem";
import { mainnet } from "viem/chains";

import { type Config, rpcUrl } from "./config";

/** The connector of the last connection, as wagmi remembers it. */
function recentConnector(): unknown {
  try {
    return JSON.parse(localStorage.getItem("wagmi.recentConnectorId") ?? "null");
  } catch {
    return null;
  }
}

/** Everything wagmi needs to know. Calls that fall together in time become one multicall and one round trip. */
export async function makeWagmi(config: Config) {
  const url = rpcUrl(config);
  // Keys and signing are loaded on a fork alone.
  const provider = config.testWallet ? (await import("./localWallet")).localWallet(config.testWallet.key, url) : null;
  const recent = recentConnector();
  const chain = defineChain({
    ...mainnet,
    id: config.chainId,
    name: config.network,
    rpcUrls: { default: { http: [url] } },
    contracts: { ...mainnet.contracts, multicall3: { address: config.external.multicall3 } },
    testnet: config.fork,
  });
  return createConfig({
    chains: [chain],
    multiInjectedProviderDiscovery: true,
    batch: { multicall: { wait: 16, batchSize: 16_384 } },
    pollingInterval: config.fork ? 1_000 : 6_000,
    transports: { [chain.id]: http(url, { batch: { wait: 16, batchSize: 100 }, retryCount: 1, timeout: 20_000 }) },
    connectors: [
      ...(provider
        ? [
            injected({
              target: () => ({ id: "test", name: "Test wallet (fork only)", provider: provider as never }),
              unstable_shimAsyncInject: false,
            }),
          ]
        : []),
      ...(inSafe() ? [safe()] : []),
      // What was chosen last time connects again.
      ...(recent === "coinbaseWalletSDK" ? [makeCoinbase()] : []),
      ...(recent === "walletConnect" && config.walletConnectProjectId
        ? [makeWalletConnect(config.walletConnectProjectId)]
        : []),
    ],
  });
}

/** Whether the page runs within the Safe app, or another frame. */
export function inSafe(): boolean {
  return window.parent !== window;
}

/** Made only when a person chooses it: its library is large. */
export function makeCoinbase() {
  return coinbaseWallet({ appName: "SSI", preference: { options: "all" } });
}

/**
 * Made only when a person chooses it: making it already talks to WalletConnect's relay. The page draws the code by
 * itself.
 */
export function makeWalletConnect(projectId: string) {
  return walletConnect({ projectId, showQrModal: false });
}
