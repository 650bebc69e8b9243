import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

import { defineConfig } from "@playwright/test";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const found = (process.env["PATH"] ?? "")
  .split(delimiter)
  .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  .find((path) => existsSync(path));
const executablePath = process.env["CHROMIUM"] ?? found;
if (!executablePath) throw new Error("No Chromium on PATH. Install it, or set CHROMIUM to its path.");

const PORT = process.env["APP_PORT"] ?? "4174";
const DAYS = process.env["APP_DAYS"];
const RPC_PORT = process.env["APP_RPC_PORT"] ?? "18546";
const site = `http://127.0.0.1:${PORT}`;

// One fork for all journeys, one journey at a time: each undoes at its end what it did.
export default defineConfig({
  testDir: "tests/e2e",
  outputDir: "test-results",
  workers: 1,
  forbidOnly: true,
  timeout: 300_000,
  expect: { timeout: 60_000 },
  reporter: [["list"]],
  use: {
    baseURL: site,
    actionTimeout: 60_000,
    navigationTimeout: 60_000,
    launchOptions: {
      executablePath,
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
    },
  },
  webServer: {
    command: `python -m tools.app --port ${PORT} --rpc-port ${RPC_PORT} ${DAYS ? `--days ${DAYS}` : ""}`,
    cwd: "..",
    url: `${site}/config.json`,
    timeout: 900_000,
    reuseExistingServer: process.env["APP_REUSE"] === "1",
    gracefulShutdown: { signal: "SIGINT", timeout: 20_000 },
  },
});
