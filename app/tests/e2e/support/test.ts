import { expect, type Page, test as base } from "@playwright/test";
import type { Hex } from "viem";
import { privateKeyToAddress } from "viem/accounts";
import { build } from "vite";

import type { Config } from "../../../src/chain/config";
import { Chain } from "./chain";
import { Levers } from "./levers";

/** Errors that the browser wrote of itself, a broken security policy among them. */
const complaints = new WeakMap<Page, string[]>();

/** Begins to listen to what the browser complains of. */
export function listen(page: Page): Page {
  const list: string[] = [];
  complaints.set(page, list);
  page.on("console", (message) => {
    if (message.type() === "error") list.push(message.text());
  });
  page.on("pageerror", (error) => list.push(String(error)));
  return page;
}

/** What the browser complained of so far. */
export const complaintsOf = (page: Page) => complaints.get(page) ?? [];

async function bundle(): Promise<string> {
  const entry = new URL("./wallet.ts", import.meta.url).pathname;
  const made = await build({
    configFile: false,
    logLevel: "silent",
    build: { write: false, lib: { entry, formats: ["iife"], name: "journey" } },
  });
  const [first] = Array.isArray(made) ? made : [made];
  if (!first || !("output" in first)) throw new Error("The wallet was not bundled.");
  return first.output[0].code;
}

interface WalletOptions {
  chainId?: number;
  /** False: the person still has to connect it. */
  connected?: boolean;
  /** Another page than the test's own. */
  page?: Page;
}

interface Mine {
  chain: Chain;
  /** Puts a wallet into a browser, before a page is opened. */
  wallet: (key: Hex, options?: WalletOptions) => Promise<void>;
  /** Opens a page of the site, and waits until the wallet is there. */
  open: (path: string) => Promise<void>;
}

interface Shared {
  walletCode: string;
  world: { config: Config; levers: Levers };
}

export const test = base.extend<Mine, Shared>({
  // eslint-disable-next-line no-empty-pattern
  walletCode: [async ({}, use) => use(await bundle()), { scope: "worker" }],
  world: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use, { project }) => {
      const config = (await (await fetch(`${project.use.baseURL}/config.json`)).json()) as Config;
      const levers = new Levers(config.rpcUrl);
      await use({ config, levers });
      levers.end();
    },
    { scope: "worker" },
  ],
  page: async ({ page }, use) => use(listen(page)),
  chain: async ({ world }, use) => {
    const chain = new Chain(world.config, world.levers);
    const id = await chain.client.snapshot();
    await use(chain);
    await chain.client.removeBlockTimestampInterval();
    await chain.client.revert({ id });
  },
  wallet: async ({ page, chain, walletCode }, use) => {
    await use(async (key, options = {}) => {
      const { chainId, connected = true } = options;
      const told = JSON.stringify({
        key,
        address: privateKeyToAddress(key),
        rpc: chain.config.rpcUrl,
        chainId,
        connected,
      });
      await (options.page ?? page).addInitScript(`const WALLET = ${JSON.stringify(told)};\n${walletCode}`);
    });
  },
  open: async ({ page }, use) => {
    await use(async (path) => {
      await page.goto(path);
      await expect(page.getByRole("button", { name: /0x.{4}….{4}/ })).toBeVisible();
    });
  },
});

export { expect };
