import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { complaintsOf, expect, test } from "./support/test";

const PAGES = ["/", "/index/MAG7.ssi", "/trade/MAG7.ssi", "/stake/MAG7.ssi", "/points", "/referral", "/portfolio", "/governance"];
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

test("a cold page with all indexes asks the endpoint at most ten times", async ({ page, chain }) => {
  const asked: string[] = [];
  page.on("request", (request) => {
    if (request.url().startsWith(chain.config.rpcUrl)) asked.push(request.postData() ?? "");
  });
  await page.goto("/");
  for (const symbol of Object.keys(chain.config.indexes)) await expect(page.getByRole("link", { name: symbol, exact: true })).toBeVisible();
  await page.waitForTimeout(3_000);
  expect(asked.length).toBeGreaterThan(0);
  expect(asked.length).toBeLessThanOrEqual(10);
});

test("what is loaded at first is at most 300 kB of script, gzipped", () => {
  const dist = join(import.meta.dirname, "../../dist");
  const scripts = [...readFileSync(join(dist, "index.html"), "utf8").matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.js)"/g)].map((found) => found[1]!);
  expect(scripts.length).toBeGreaterThan(0);
  const size = scripts.reduce((sum, script) => sum + gzipSync(readFileSync(join(dist, script))).length, 0);
  expect(size).toBeLessThanOrEqual(300_000);
});

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme, bypassCSP: true });
    for (const path of PAGES) {
      test(`axe finds nothing serious on ${path}`, async ({ page, chain, wallet, open }) => {
        const { key } = await chain.person();
        await wallet(key);
        await open(`/#${path}`);
        await expect(page.getByRole("status", { name: "Loading" })).toHaveCount(0);
        await page.evaluate(AXE);
        const found = await page.evaluate(async () => {
          const axe = (window as unknown as { axe: { run: () => Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> } }).axe;
          const { violations } = await axe.run();
          return violations.filter((one) => ["serious", "critical"].includes(one.impact)).map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`);
        });
        expect(found).toEqual([]);
      });
    }
  });
}

test("no page complains in the console, and none is wider than a phone", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of PAGES) {
    await page.goto(`/#${path}`);
    await expect(page.getByRole("status", { name: "Loading" })).toHaveCount(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), path).toBe(0);
  }
  expect(complaintsOf(page)).toEqual([]);
});
