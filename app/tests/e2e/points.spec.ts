import { type Address, parseAbi, parseEther, parseUnits } from "viem";

import { DAY, LOCK_COOLDOWN, RECORDING } from "../../src/generated/constants";
import { multiplier } from "../../src/lib/format";
import type { Chain } from "./support/chain";
import { ledgerAbi, lockerAbi, positionsAbi, registryAbi } from "./support/reading";
import { expect, listen, test } from "./support/test";

const usdc = (whole: number) => parseUnits(String(whole), 6);
const approveAbi = parseAbi(["function approve(address,uint256)", "function transfer(address,uint256)"]);
const ledgerOf = (chain: Chain) => ({ address: chain.contract("PointsLedger"), abi: ledgerAbi }) as const;

/** The person's statement of the running epoch. */
async function statement(chain: Chain, who: Address) {
  const ledger = ledgerOf(chain);
  const epoch = await chain.client.readContract({ ...ledger, functionName: "currentEpoch" });
  return chain.client.readContract({ ...ledger, functionName: "statement", args: [who, epoch] });
}

test("boost: staked SOSO lifts the multiplier", async ({ page, chain, wallet, open }) => {
  const { key, address } = await chain.person({ "MAG7.ssi": parseEther("20"), SOSO: parseEther("5000") });
  await wallet(key);
  await open("/#/points");
  await page.getByRole("button", { name: "Join", exact: true }).click();
  await expect(page.getByText("Done: Join")).toBeVisible();
  // The slider says what so much SOSO would do; nothing is boosted yet.
  await page.getByRole("slider").fill("100");
  await expect(page.getByText("3X becomes 33X")).toBeVisible();
  expect((await statement(chain, address)).soso).toBe(0n);

  await page.goto("/#/stake/SOSO");
  await page.getByRole("textbox", { name: "Stake", exact: true }).fill("1500");
  await page.getByRole("button", { name: "Approve SOSO" }).click();
  await page.getByRole("button", { name: "Stake", exact: true }).click();
  await expect(page.getByText("Done: Stake 1500 SOSO")).toBeVisible();
  expect(await chain.balance(chain.config.staked["SOSO"]!, address)).toBeGreaterThan(0n);

  await chain.warp(DAY);
  await page.goto("/#/points");
  await page.reload();
  const said = await statement(chain, address);
  expect(said.held.multiplier).toBeGreaterThan(parseEther("3"));
  expect(said.counts).toBe(true);
  await expect(page.getByRole("row", { name: /^Held/ })).toContainText(multiplier(said.held.multiplier));
});

test("lock and unlock a Uniswap v3 position", async ({ page, chain, wallet, open }) => {
  const { key, address } = await chain.person();
  const nft = { address: chain.config.external.positionManager, abi: positionsAbi } as const;
  const locker = { address: chain.contract("LpLocker"), abi: lockerAbi } as const;
  const id = await chain.client.readContract({
    ...nft,
    functionName: "tokenOfOwnerByIndex",
    args: [chain.rich.account.address, 0n],
  });
  await chain.send(chain.config.testWallet!.key, {
    ...nft,
    functionName: "safeTransferFrom",
    args: [chain.rich.account.address, address, id],
  });
  const weight = async () => {
    const { pool } = await chain.client.readContract({ ...locker, functionName: "positionOf", args: [id] });
    return chain.client.readContract({ ...locker, functionName: "liquidityOf", args: [address, pool] });
  };
  await wallet(key);
  await open("/#/points");
  await page.getByRole("button", { name: `Lock position ${id}` }).click();
  await expect(page.getByText(`Done: Lock position ${id}`)).toBeVisible();
  expect(await weight()).toBeGreaterThan(0n);

  await page.getByRole("button", { name: "Collect fees" }).click();
  await expect(page.getByText(`Done: Collect the fees of position ${id}`)).toBeVisible();
  await page.getByRole("button", { name: `Unlock position ${id}` }).click();
  await expect(page.getByText(`Done: Ask to unlock position ${id}`)).toBeVisible();
  expect(await weight()).toBe(0n);
  await expect(page.getByText(/leaving, 13 d 23 h left/)).toBeVisible();
  await expect(page.getByRole("button", { name: `Take position ${id} out` })).toHaveCount(0);

  await chain.warp(LOCK_COOLDOWN + 60);
  await page.reload();
  await page.getByRole("button", { name: `Take position ${id} out` }).click();
  await expect(page.getByText(`Done: Take position ${id} out`)).toBeVisible();
  expect(await chain.client.readContract({ ...nft, functionName: "ownerOf", args: [id] })).toBe(address);
});

test("lock and unlock Uniswap v2 LP tokens, and see their timer restart", async ({ page, chain, wallet, open }) => {
  const { key, address } = await chain.person();
  const locker = { address: chain.contract("LpLocker"), abi: lockerAbi } as const;
  const pools = await chain.client.readContract({ ...locker, functionName: "pools" });
  const kinds = await Promise.all(
    pools.map((pool) => chain.client.readContract({ ...locker, functionName: "poolOf", args: [pool] })),
  );
  const pair = pools[kinds.findIndex(({ kind }) => kind === 1)]!;
  const all = 10n ** 14n; // 0.0001 LP tokens
  await chain.send(chain.config.testWallet!.key, {
    address: pair,
    abi: approveAbi,
    functionName: "transfer",
    args: [address, all],
  });
  const stake = () => chain.client.readContract({ ...locker, functionName: "stakeOf", args: [address, pair] });
  await wallet(key);
  await open("/#/points");
  const amount = page.getByRole("textbox", { name: "LP tokens", exact: true });
  await amount.fill("0.0001");
  await page.getByRole("button", { name: "Lock LP tokens", exact: true }).click();
  await expect(page.getByText("Done: Lock 0.0001 LP tokens")).toBeVisible();
  expect((await stake()).locked).toBe(all);

  await amount.fill("0.00004");
  await page.getByRole("button", { name: "Unlock LP tokens" }).click();
  await expect(page.getByText("Done: Ask to unlock 0.00004 LP tokens")).toBeVisible();
  const first = await stake();
  expect(first.cooling).toBe((all * 4n) / 10n);
  await chain.warp(2 * DAY);
  await page.reload();
  await amount.fill("0.00006");
  await page.getByRole("button", { name: "Unlock LP tokens" }).click();
  await page.getByRole("button", { name: "Unlock and restart the timer" }).click();
  await expect(page.getByText("Done: Ask to unlock 0.00006 LP tokens")).toBeVisible();
  const second = await stake();
  expect(second.cooling).toBe(all);
  expect(second.maturesAt).toBeGreaterThanOrEqual(first.maturesAt + BigInt(2 * DAY));

  await chain.warp(LOCK_COOLDOWN + 60);
  await page.reload();
  await page.getByRole("button", { name: "Take LP tokens out" }).click();
  await expect(page.getByText("Done: Take LP tokens out")).toBeVisible();
  expect(await chain.balance(pair, address)).toBe(all);
});

test("referral by link", async ({ page, chain, wallet, open, browser }) => {
  const referrer = await chain.person();
  const friend = await chain.person({ USDC: usdc(500) });
  await wallet(referrer.key);
  await open("/#/referral");
  await page.getByRole("textbox", { name: "Code" }).fill("journey");
  await page.getByRole("button", { name: "Register JOURNEY" }).click();
  const link = await page.getByTestId("link").innerText();
  expect(link).toMatch(/\?ref=JOURNEY$/);

  const context = await browser.newContext();
  const theirs = listen(await context.newPage());
  await wallet(friend.key, { page: theirs });
  await theirs.goto(link);
  await theirs.getByRole("link", { name: "Buy or sell DEFI.ssi" }).click();
  await expect(theirs.getByText("Referral code JOURNEY goes with your first purchase.")).toBeVisible();
  await theirs.getByRole("textbox", { name: "You pay", exact: true }).fill("200");
  await theirs.getByRole("button", { name: "Sign and buy" }).click();
  await expect(theirs.getByText("Done: Buy")).toBeVisible();
  await context.close();

  const [bound] = await chain.client.readContract({
    address: chain.contract("ReferralRegistry"),
    abi: registryAbi,
    functionName: "referrerOf",
    args: [friend.address],
  });
  expect(bound).toBe(referrer.address);
  expect(
    await chain.client.readContract({ ...ledgerOf(chain), functionName: "joinedAt", args: [friend.address] }),
  ).toBeGreaterThan(0n);
  await page.reload();
  await expect(page.getByRole("row", { name: new RegExp(friend.address.slice(0, 6)) })).toBeVisible();
});

test("pot claim: join, be recorded, and be paid", async ({ page, chain, wallet, open }) => {
  const { key, address } = await chain.person({ "MAG7.ssi": parseEther("5"), USDC: usdc(1) });
  const ledger = ledgerOf(chain);
  await wallet(key);
  await open("/#/points");
  await page.getByRole("button", { name: "Join", exact: true }).click();
  await expect(page.getByText("Done: Join")).toBeVisible();
  expect(await chain.client.readContract({ ...ledger, functionName: "joinedAt", args: [address] })).toBeGreaterThan(0n);

  const [epoch, genesis, length] = await Promise.all(
    (["currentEpoch", "epochGenesis", "epochLength"] as const).map((functionName) =>
      chain.client.readContract({ ...ledger, functionName }),
    ),
  );
  const pot = usdc(100);
  const token = chain.token("USDC").address;
  const rich = chain.config.testWallet!.key;
  await chain.send(rich, { address: token, abi: approveAbi, functionName: "approve", args: [ledger.address, pot] });
  await chain.send(rich, { ...ledger, functionName: "fund", args: [epoch, token, pot, 500n] });
  const prices = { address: chain.contract("ReferencePrices"), abi: parseAbi(["function sample()"]) };
  for (const _ of [1, 2]) {
    await chain.warp(DAY);
    await chain.send(rich, { ...prices, functionName: "sample", args: [] });
  }
  await chain.warp(Number(genesis! + (epoch! + 1n) * length! - (await chain.client.getBlock()).timestamp) + 1);
  await page.reload();
  await page
    .getByRole("button", { name: /^Record yourself/ })
    .first()
    .click();
  await expect(page.getByText(`Done: Record epoch ${epoch}`)).toBeVisible();
  expect(
    await chain.client.readContract({ ...ledger, functionName: "recordedPoints", args: [address, epoch!] }),
  ).toBeGreaterThan(0n);

  await chain.warp(RECORDING + 60);
  const before = await chain.balance(token, address);
  await page.reload();
  await page.getByRole("button", { name: "Claim USDC" }).click();
  await expect(page.getByText(`Done: Claim USDC of epoch ${epoch}`)).toBeVisible();
  expect((await chain.balance(token, address)) - before).toBe(pot);
});

test("record and claim: one transaction a month", async ({ page, chain, wallet, open }) => {
  const { key, address } = await chain.person({ "MAG7.ssi": parseEther("5"), USDC: usdc(1) });
  const ledger = ledgerOf(chain);
  const read = (functionName: "currentEpoch" | "epochGenesis" | "epochLength") =>
    chain.client.readContract({ ...ledger, functionName });
  const [epoch, genesis, length] = await Promise.all([read("currentEpoch"), read("epochGenesis"), read("epochLength")]);
  const begins = async (each: bigint) =>
    chain.warp(Number(genesis + each * length - (await chain.client.getBlock()).timestamp) + 1);
  const token = chain.token("USDC").address;
  const rich = chain.config.testWallet!.key;
  await chain.send(key, { ...ledger, functionName: "join", args: [] });
  await chain.send(rich, {
    address: token,
    abi: approveAbi,
    functionName: "approve",
    args: [ledger.address, usdc(100)],
  });
  await chain.send(rich, { ...ledger, functionName: "fund", args: [epoch, token, usdc(100), 500n] });
  await chain.warp(DAY);
  await chain.send(rich, {
    address: chain.contract("ReferencePrices"),
    abi: parseAbi(["function sample()"]),
    functionName: "sample",
    args: [],
  });
  await begins(epoch + 1n);
  await chain.send(key, { ...ledger, functionName: "record", args: [address, epoch] });

  await begins(epoch + 2n);
  const before = await chain.balance(token, address);
  await wallet(key);
  await open("/#/points");
  await page.getByRole("button", { name: /^Record yourself and claim/ }).click();
  await expect(page.getByText(`Done: Record epoch ${epoch + 1n} and claim a pot`)).toBeVisible();
  expect((await chain.balance(token, address)) - before).toBe(usdc(100));
  expect(
    await chain.client.readContract({ ...ledger, functionName: "recordedPoints", args: [address, epoch + 1n] }),
  ).toBeGreaterThan(0n);
  await expect(page.getByRole("button", { name: /^Record yourself/ })).toHaveCount(0);
});
