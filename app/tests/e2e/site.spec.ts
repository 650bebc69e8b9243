import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";

import type { Page } from "@playwright/test";

import { WAD } from "../../src/generated/constants";
import { complaintsOf, expect, listen, test } from "./support/test";

const PAGES = [
  "/",
  "/index/MAG7.ssi",
  "/index/DEFI.ssi",
  "/trade/MAG7.ssi",
  "/stake/MAG7.ssi",
  "/points",
  "/referral",
  "/portfolio",
  "/governance",
];
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const DIST = join(import.meta.dirname, "../../dist");
const MIME: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".json": "application/json",
};

async function loaded(page: Page): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.getByRole("status", { name: "Loading" })).toHaveCount(0);
}

async function serious(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const axe = (
      window as unknown as {
        axe: { run: () => Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> };
      }
    ).axe;
    const { violations } = await axe.run();
    return violations
      .filter((one) => ["serious", "critical"].includes(one.impact))
      .map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`);
  });
}

test("a cold page with all four indexes asks the endpoint at most ten times", async ({ page, chain }) => {
  const asked: string[] = [];
  page.on("request", (request) => {
    if (request.url().startsWith(chain.config.rpcUrl)) asked.push(request.postData() ?? "");
  });
  await page.goto("/");
  for (const symbol of Object.keys(chain.config.indexes))
    await expect(page.getByRole("link", { name: symbol, exact: true })).toBeVisible();
  await page.waitForTimeout(2_000);
  console.log(`    round trips of a cold page: ${asked.length}`);
  expect(asked.length).toBeGreaterThan(0);
  expect(asked.length).toBeLessThanOrEqual(10);
});

test("a cold page loads at most 300 kB of script, gzipped", async ({ browser, world }) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const scripts = new Set<string>();
  page.on("response", (response) => {
    if (response.request().resourceType() === "script") scripts.add(new URL(response.url()).pathname);
  });
  await page.goto(test.info().project.use.baseURL!);
  await loaded(page);
  await page.waitForLoadState("networkidle");
  await context.close();
  const sizes = [...scripts].map((path) => [path, gzipSync(readFileSync(join(DIST, path))).length] as const);
  // The wallet of the fork, with its keys and signing, is no part of a real deployment.
  expect(world.config.testWallet).not.toBeNull();
  const forkOnly = sizes.filter(([path]) => /localWallet|accounts|secp256k1|hmac|sha2|curve/i.test(path));
  const total = sizes.filter((one) => !forkOnly.includes(one)).reduce((sum, [, size]) => sum + size, 0);
  expect(sizes.length).toBeGreaterThan(0);
  console.log(`    script of a cold page, gzipped: ${Math.round(total / 1000)} kB`);
  expect(total, JSON.stringify(sizes)).toBeLessThanOrEqual(300_000);
});

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    // axe is put into the page by the test, which the policy of the site would forbid.
    test.use({ colorScheme, bypassCSP: true });
    test(`axe finds nothing serious on any page in ${colorScheme}`, async ({ page, chain, wallet, open }) => {
      const { key } = await chain.person({ "MAG7.ssi": WAD });
      await wallet(key, { connected: false });
      await page.goto("/");
      await loaded(page);
      expect(await page.evaluate(() => document.documentElement.classList.contains("dark"))).toBe(
        colorScheme === "dark",
      );
      await page.evaluate(AXE);
      await page.getByRole("button", { name: "Connect", exact: true }).click();
      expect(await serious(page), "the dialog").toEqual([]);
      await page.getByRole("button", { name: "Journey wallet" }).click();
      for (const path of PAGES) {
        await open(`/#${path}`);
        await loaded(page);
        await page.evaluate(AXE);
        expect(await serious(page), path).toEqual([]);
      }
      await open("/#/trade/MAG7.ssi");
      for (const tab of ["Sell", "In kind"]) {
        await page.getByRole("tab", { name: tab }).click();
        await page.evaluate(AXE);
        expect(await serious(page), tab).toEqual([]);
      }
    });
  });
}

test("no page complains, none is wider than a phone, and no other host is asked", async ({
  page,
  chain,
  wallet,
  open,
  baseURL,
}) => {
  const hosts = new Set<string>();
  page.on("request", (request) => hosts.add(new URL(request.url()).origin));
  const { key } = await chain.person({ "MAG7.ssi": WAD });
  await wallet(key);
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of PAGES) {
    await open(`/#${path}`);
    await loaded(page);
    expect(
      await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
      path,
    ).toBe(0);
  }
  expect(complaintsOf(page)).toEqual([]);
  expect([...hosts].sort()).toEqual([new URL(baseURL!).origin, new URL(chain.config.rpcUrl).origin].sort());
});

test("the policy forbids inline script, inline style and eval, and the browser enforces it", async ({ page }) => {
  const html = readFileSync(join(DIST, "index.html"), "utf8");
  const policy = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(html)?.[1] ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self';");
  expect(policy).toContain("style-src 'self';");
  expect(policy).not.toMatch(/unsafe/);
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)/);
  expect(html).not.toMatch(/<style|\sstyle=|\son[a-z]+=/);
  await page.goto("/");
  await loaded(page);
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.inlineRan = true";
    document.head.append(script);
    const style = document.createElement("style");
    style.textContent = "body { display: none }";
    document.head.append(style);
    // Later, because what a debugger evaluates is free of the policy.
    setTimeout(() => {
      try {
        new Function("return 1")();
        Object.assign(window, { evaluated: "yes" });
      } catch {
        Object.assign(window, { evaluated: "no" });
      }
    }, 0);
  });
  await page.waitForFunction(() => "evaluated" in window);
  const tried = await page.evaluate(() => ({
    script: "inlineRan" in window,
    style: getComputedStyle(document.body).display === "none",
    evaluated: (window as unknown as { evaluated: string }).evaluated,
  }));
  expect(tried).toEqual({ script: false, style: false, evaluated: "no" });
});

test("the build works from a folder of any host, and offers Safe only within a frame", async ({ page, world }) => {
  const told: string[] = [];
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://x").pathname;
    if (path === "/frame.html") {
      response
        .writeHead(200, { "content-type": "text/html" })
        .end('<iframe src="/some/folder/index.html" width="800" height="600"></iframe>');
      return;
    }
    told.push(path);
    const file = path.startsWith("/some/folder/") ? path.slice("/some/folder/".length) || "index.html" : null;
    try {
      if (file === null) throw new Error("outside");
      response
        .writeHead(200, { "content-type": MIME[extname(file)] ?? "application/octet-stream" })
        .end(readFileSync(join(DIST, file)));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    await page.goto(`${host}/some/folder/`);
    for (const symbol of Object.keys(world.config.indexes))
      await expect(page.getByRole("link", { name: symbol, exact: true })).toBeVisible();
    await page.getByRole("link", { name: "Governance" }).click();
    await loaded(page);
    expect(told.filter((path) => !path.startsWith("/some/folder/") && path !== "/favicon.ico")).toEqual([]);
    expect(complaintsOf(page)).toEqual([]);

    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await expect(page.getByRole("button", { name: "Coinbase Wallet" })).toBeVisible();
    await expect(page.getByRole("button", { name: "Safe" })).toHaveCount(0);
    await page.goto(`${host}/frame.html`);
    const frame = page.frameLocator("iframe");
    await frame.getByRole("button", { name: "Connect", exact: true }).click();
    await expect(frame.getByRole("button", { name: "Safe" })).toBeVisible();
  } finally {
    server.close();
  }
});

test("WalletConnect is offered with a project id, and only then", async ({ page, browser, world, baseURL }) => {
  expect(world.config.walletConnectProjectId).toBeNull();
  await page.goto("/");
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await expect(page.getByRole("button", { name: "Coinbase Wallet" })).toBeVisible();
  await expect(page.getByRole("button", { name: "WalletConnect" })).toHaveCount(0);

  const context = await browser.newContext();
  const other = listen(await context.newPage());
  await other.route("**/config.json", (route) =>
    route.fulfill({ json: { ...world.config, walletConnectProjectId: "0".repeat(32) } }),
  );
  await other.goto(baseURL!);
  await other.getByRole("button", { name: "Connect", exact: true }).click();
  await expect(other.getByRole("button", { name: "WalletConnect" })).toBeVisible();
  expect(complaintsOf(other)).toEqual([]);
  await context.close();
});
