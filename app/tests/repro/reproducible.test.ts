import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, expect, test } from "vitest";

const APP = join(import.meta.dirname, "../..");
const elsewhere = mkdtempSync(join(tmpdir(), "ssi-app-"));

/** Hash of every file by its path, but for the settings, which are no part of the build. */
function hashes(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.name !== "config.json",
  );
  const of = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");
  return Object.fromEntries(
    files
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path.slice(folder.length), of(path)]),
  );
}

afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));

test("a second build, from another folder, is the same byte for byte", { timeout: 300_000 }, () => {
  expect(existsSync(join(APP, "dist/index.html")), "`make app-build` comes first").toBe(true);
  for (const name of ["index.html", "package.json", "public", "src", "tsconfig.json", "vite.config.ts"])
    cpSync(join(APP, name), join(elsewhere, name), { recursive: true });
  symlinkSync(join(APP, "node_modules"), join(elsewhere, "node_modules"));
  // As `make app-build` runs it: a process of its own, because this one has NODE_ENV set to test.
  const { NODE_ENV: _, ...env } = process.env;
  execFileSync(process.execPath, [join(APP, "node_modules/vite/bin/vite.js"), "build", "--logLevel", "error"], {
    cwd: elsewhere,
    env,
  });
  const [first, second] = [hashes(join(APP, "dist")), hashes(join(elsewhere, "dist"))];
  expect(Object.keys(first).length).toBeGreaterThan(10);
  expect(second).toEqual(first);
});
