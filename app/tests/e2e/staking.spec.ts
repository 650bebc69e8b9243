import { parseEther } from "viem";

import { DAY, MAX_COOLDOWN } from "../../src/generated/constants";
import { allOf } from "./support/reading";
import { expect, test } from "./support/test";

const UNSTAKE = { name: "Unstake", exact: true } as const;

test("unstake twice and see the timer restart", async ({ page, chain, wallet, open }) => {
  const { key, address } = await chain.person({ "MAG7.ssi": parseEther("10") });
  const vault = chain.config.staked["MAG7.ssi"]!;
  const { exit } = allOf(chain);
  await wallet(key);
  await open("/#/stake/MAG7.ssi");
  await page.getByRole("textbox", { name: "Stake", exact: true }).fill("10");
  await page.getByRole("button", { name: "Sign and stake" }).click();
  await expect(page.getByText("Done: Stake 10 MAG7.ssi")).toBeVisible();
  expect(await chain.balance(vault, address)).toBeGreaterThan(0n);

  await page.getByRole("textbox", UNSTAKE).fill("2");
  await page.getByRole("button", UNSTAKE).click();
  await expect(page.getByText("Done: Unstake 2 sMAG7.ssi")).toBeVisible();
  const first = await exit(vault, address);
  await expect(page.getByText("13 d 23 h")).toBeVisible();

  await chain.warp(3 * DAY);
  await page.reload();
  await expect(page.getByText("10 d 23 h left")).toBeVisible();
  await page.getByRole("textbox", UNSTAKE).fill("1");
  await expect(page.getByText("This starts your timer again.")).toBeVisible();
  await page.getByRole("button", UNSTAKE).click();
  await page.getByRole("button", { name: "Keep the timer" }).click();
  expect((await exit(vault, address)).maturesAt).toBe(first.maturesAt);
  await page.getByRole("button", UNSTAKE).click();
  await page.getByRole("button", { name: "Unstake and restart the timer" }).click();
  await expect(page.getByText("Done: Unstake 1 sMAG7.ssi")).toBeVisible();
  const second = await exit(vault, address);
  expect(second.maturesAt).toBeGreaterThanOrEqual(first.maturesAt + BigInt(3 * DAY));
  expect(second.coolingShares).toBe(parseEther("3"));
  await expect(page.getByText("13 d 23 h left")).toBeVisible();

  await page.getByRole("button", { name: "Cancel the cooldown" }).click();
  await expect(page.getByText("Done: Stake again what is cooling down")).toBeVisible();
  expect((await exit(vault, address)).coolingShares).toBe(0n);
});

test("claim after the cooldown", async ({ page, chain, wallet, open }) => {
  const { key, address } = await chain.person({ "MAG7.ssi": parseEther("10") });
  const [index, vault] = [chain.token("MAG7.ssi").address, chain.config.staked["MAG7.ssi"]!];
  const { exit } = allOf(chain);
  await wallet(key);
  await open("/#/stake/MAG7.ssi");
  await page.getByRole("textbox", { name: "Stake", exact: true }).fill("10");
  await page.getByRole("button", { name: "Sign and stake" }).click();
  await expect(page.getByText("Done: Stake 10 MAG7.ssi")).toBeVisible();
  await page.getByRole("textbox", UNSTAKE).fill("4");
  await page.getByRole("button", UNSTAKE).click();
  await expect(page.getByText("Done: Unstake 4 sMAG7.ssi")).toBeVisible();
  const { coolingAssets } = await exit(vault, address);
  await expect(page.getByRole("button", { name: /^Claim/ })).toBeDisabled();

  await chain.warp(MAX_COOLDOWN + 60);
  await page.reload();
  await page.getByRole("button", { name: /^Claim [1-9]/ }).click();
  await expect(page.getByText(/Done: Claim/)).toBeVisible();
  expect(await chain.balance(index, address)).toBe(coolingAssets);
  expect((await exit(vault, address)).claimableAssets).toBe(0n);
  await expect(page.getByRole("button", { name: "Claim 0 MAG7.ssi" })).toBeDisabled();
});
