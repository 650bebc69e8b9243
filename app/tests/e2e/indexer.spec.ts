import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Page } from "@playwright/test";

import { complaintsOf, expect, test } from "./support/test";

const ROOT = "..";

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

/** The indexer of the fork, caught up. */
async function indexer(rpc: string, head: bigint): Promise<{ url: string; end: () => void }> {
  const [folder, port] = [mkdtempSync(join(tmpdir(), "ssi-indexer-")), await freePort()];
  const settings = join(folder, "deployment.json");
  const made = spawnSync(
    "python",
    ["-m", "tools.indexer_config", "--network", "ethereum-mainnet-fork", "--rpc", rpc, "--out", settings],
    { cwd: ROOT, encoding: "utf8" },
  );
  if (made.status !== 0) throw new Error(made.stderr);
  // A fork does not answer for old blocks; what these pages ask comes from logs.
  const env = { ...process.env, INDEXER_READS: "off" };
  const engine: ChildProcess = spawn(
    "python",
    ["-m", "tools.indexer", "--rpc", rpc, "--settings", settings, "--port", String(port), "--folder", folder],
    { cwd: ROOT, stdio: "ignore", env },
  );
  const url = `http://127.0.0.1:${port}`;
  await expect
    .poll(
      async () => {
        const said = (await fetch(`${url}/status`).then(
          (answer) => answer.json(),
          () => ({}),
        )) as { main?: { block: { number: number } } };
        return BigInt(said.main?.block.number ?? 0);
      },
      { timeout: 200_000 },
    )
    .toBeGreaterThanOrEqual(head);
  return {
    url,
    end: () => {
      engine.kill("SIGINT");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What stands on the pages of what was. */
async function told(page: Page): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [path, captions] of [
    ["/#/index/MAG7.ssi", []],
    ["/#/points", ["Accounts with most points in the last epoch", "Reward pots"]],
  ] as const) {
    await page.goto(path);
    for (const caption of captions) {
      const table = page.getByRole("table", { name: caption });
      // A pot says 0 until it is read.
      await expect(table.getByRole("row").nth(1)).not.toContainText(/No account is recorded|There is no pot|USDC0/);
      found[caption] = await table.innerText();
    }
  }
  await page.goto("/#/index/MAG7.ssi");
  found["chart"] = await page.getByText(/^From \$.* to \$/).innerText();
  return found;
}

test("with an indexer pages say the same as without, and where it stands; without it they go on", async ({
  page,
  chain,
}) => {
  await page.goto("/");
  const before = await told(page);
  await expect(page.getByText("There is no server behind them.")).toBeVisible();

  const head = await chain.client.getBlockNumber();
  const running = await indexer(chain.config.rpcUrl, head);
  try {
    await page.evaluate((url) => localStorage.setItem("ssi.indexer", url), running.url);
    const asked: string[] = [];
    page.on("request", (request) => {
      if (request.url().startsWith(running.url)) asked.push(request.postData() ?? "");
    });
    await page.reload();
    await expect(page.getByText(`the indexer at ${new URL(running.url).host}, which stands at block`)).toBeVisible();
    expect(await told(page)).toEqual(before);
    for (const word of ["records", "pots", "priceSamples"])
      expect(
        asked.some((body) => body.includes(word)),
        `${word} from the indexer`,
      ).toBe(true);
    expect(complaintsOf(page)).toEqual([]);

    // It says where it stands, and answers questions with something else.
    await page.route(`${running.url}/graphql`, (route) =>
      route.request().postData()?.includes("sources")
        ? route.continue()
        : route.fulfill({ json: { data: { records: "many", pots: 3 } } }),
    );
    await page.goto("/#/points");
    await page.reload();
    await expect(page.getByText("it failed at a question")).toBeVisible();
    expect(await told(page)).toEqual(before);
  } finally {
    running.end();
  }
  await page.reload();
  await expect(page.getByText("The indexer is not used.")).toBeVisible();
  expect(await told(page)).toEqual(before);
});
