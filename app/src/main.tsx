import "./index.css";

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { HashRouter } from "react-router";
import { WagmiProvider } from "wagmi";

import { App } from "./App";
import { loadConfig } from "./chain/config";
import { ConfigContext } from "./chain/context";
import { makeWagmi } from "./chain/wagmi";
import { keepReferral } from "./data/referral";

const root = createRoot(document.getElementById("root") as HTMLElement);
keepReferral();

loadConfig().then(
  async (config) => {
    const wagmi = await makeWagmi(config);
    const queries = new QueryClient({ defaultOptions: { queries: { refetchOnWindowFocus: false, retry: 2 } } });
    root.render(
      <StrictMode>
        <ConfigContext value={config}>
          <WagmiProvider config={wagmi}>
            <QueryClientProvider client={queries}>
              <HashRouter>
                <App />
              </HashRouter>
            </QueryClientProvider>
          </WagmiProvider>
        </ConfigContext>
      </StrictMode>,
    );
  },
  (error: unknown) => {
    root.render(
      <main className="p-6">
        <h1 className="text-lg font-semibold">This site is not set up</h1>
        <p>{String(error instanceof Error ? error.message : error)}</p>
      </main>,
    );
  },
);
