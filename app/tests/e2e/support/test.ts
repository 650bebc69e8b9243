import { expect, type Page, test as base } from "@playwright/test";
import { build } from "vite";
import type { Hex } from "viem";

import type { Config } from "../../../src/chain/config";
import { Chain } from "./chain";

/** Errors that the browser wrote of itself, a broken security policy among them. */
const complaints = new WeakMap<Page, string[]>();

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

interface Mine {
  chain: Chain;
  /** Puts a wallet into the browser, before the page is opened. */
  wallet: (key: Hex, chainId?: number) => Promise<void>;
  /** Opens a page of the site, and connects the wallet where there is one. */
  open: (path: string, connect?: boolean) => Promise<void>;
}

export const test = base.extend<Mine, { walletCode: string }>({
  // eslint-disable-next-line no-empty-pattern
  walletCode: [async ({}, use) => use(await bundle()), { scope: "worker" }],
  page: async ({ page }, use) => {
    const list: string[] = [];
    complaints.set(page, list);
    page.on("console", (message) => {
      if (message.type() === "error") list.push(message.text());
    });
    page.on("pageerror", (error) => list.push(String(error)));
    await use(page);
  },
  chain: async ({ request }, use) => {
    const config = (await (await request.get("/config.json")).json()) as Config;
    const chain = new Chain(config);
    const id = await chain.client.snapshot();
    await use(chain);
    await chain.client.revert({ id });
  },
  wallet: async ({ page, chain, walletCode }, use) => {
    await use(async (key, chainId) => {
      const told = JSON.stringify({ key, rpc: chain.config.rpcUrl, chainId });
      await page.addInitScript(`const WALLET = ${JSON.stringify(told)};\n${walletCode}`);
    });
  },
  open: async ({ page }, use) => {
    await use(async (path, connect = true) => {
      await page.goto(path);
      if (!connect) return;
      await page.getByRole("button", { name: "Connect", exact: true }).click();
      await page.getByRole("button", { name: "Journey wallet" }).click();
      await expect(page.getByRole("button", { name: /0x.{4}….{4}/ })).toBeVisible();
    });
  },
});

/** What the browser complained of so far. */
export const complaintsOf = (page: Page) => complaints.get(page) ?? [];

export { expect };
