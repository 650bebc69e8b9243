import { parseAbi, parseUnits } from "viem";

import { complaintsOf, expect, test } from "./support/test";
import { allOf, DAY, indexAbi, ledgerAbi, registryAbi } from "./support/reading";

const usdc = (whole: number) => parseUnits(String(whole), 6);

test.describe("buying and selling", () => {
  test("first buy by permit", async ({ page, chain, wallet, open }) => {
    const { key, address } = await chain.person({ USDC: usdc(1_000) });
    const index = chain.token("MAG7.ssi").address;
    await wallet(key);
    await open("/#/trade/MAG7.ssi");
    await page.getByRole("textbox", { name: "You pay", exact: true }).fill("250.5");
    await page.getByRole("button", { name: "Sign and buy" }).click();
    await expect(page.getByText("Done: Buy")).toBeVisible();

    const paid = usdc(1_000) - (await chain.balance(chain.token("USDC").address, address));
    expect(paid).toBeGreaterThan(usdc(249));
    expect(paid).toBeLessThanOrEqual(usdc(250.5));
    expect(await chain.balance(index, address)).toBeGreaterThan(0n);
    // The permit is for the amount that was typed: what the purchase did not need of it stays allowed, some millionths of a dollar.
    const router = chain.config.contracts["IndexRouter"];
    expect(await allOf(chain).allowance(chain.token("USDC").address, address, router!)).toBe(usdc(250.5) - paid);
    expect(complaintsOf(page)).toEqual([]);
  });

  test("buy with ether into staking", async ({ page, chain, wallet, open }) => {
    const { key, address } = await chain.person();
    await wallet(key);
    await open("/#/trade/MAG7.ssi");
    await page.getByLabel("Token").selectOption("ETH");
    await page.getByRole("textbox", { name: "You pay", exact: true }).fill("0.5");
    await page.getByLabel("Stake it at once").check();
    await page.getByRole("button", { name: "Buy", exact: true }).click();
    await expect(page.getByText("Done: Buy")).toBeVisible();

    expect(await chain.balance(chain.token("MAG7.ssi").address, address)).toBe(0n);
    expect(await chain.balance(chain.config.staked["MAG7.ssi"]!, address)).toBeGreaterThan(0n);
  });

  test("sell what was bought", async ({ page, chain, wallet, open }) => {
    const { key, address } = await chain.person({ "MAG7.ssi": 10n * 10n ** 18n });
    const index = chain.token("MAG7.ssi").address;
    await wallet(key);
    await open("/#/trade/MAG7.ssi");
    await page.getByRole("tab", { name: "Sell" }).click();
    await page.getByRole("textbox", { name: "You sell", exact: true }).fill("4");
    await page.getByRole("button", { name: "Sign and sell" }).click();
    await expect(page.getByText("Done: Sell")).toBeVisible();

    expect(await chain.balance(index, address)).toBe(6n * 10n ** 18n);
    expect(await chain.balance(chain.token("USDC").address, address)).toBeGreaterThan(0n);
  });
});

test.describe("what is refused", () => {
  test("a rejected signature sends nothing", async ({ page, chain, wallet, open }) => {
    const { key, address } = await chain.person({ USDC: usdc(1_000) });
    await wallet(key);
    await open("/#/trade/MAG7.ssi");
    await page.getByRole("textbox", { name: "You pay", exact: true }).fill("100");
    const button = page.getByRole("button", { name: "Sign and buy" });
    await expect(button).toBeEnabled();
    await page.evaluate(() => Object.assign(window, { rejectNext: true }));
    await button.click();
    await expect(page.getByText("You rejected the request in the wallet.")).toBeVisible();

    expect(await chain.client.getTransactionCount({ address })).toBe(0);
    expect(await chain.balance(chain.token("USDC").address, address)).toBe(usdc(1_000));
    await button.click();
    await expect(page.getByText("Done: Buy")).toBeVisible();
  });

  test("another network is named, and switched from", async ({ page, chain, wallet, open }) => {
    const { key } = await chain.person({ USDC: usdc(1_000) });
    await wallet(key, 137);
    await open("/#/trade/MAG7.ssi");
    await expect(page.getByText("Your wallet is on another network.")).toBeVisible();
    await expect(page.getByRole("button", { name: "Sign and buy" })).toHaveCount(0);
    await page.getByRole("button", { name: /^Switch to/ }).click();
    await expect(page.getByText("Your wallet is on another network.")).toHaveCount(0);
  });

  test("more than one has cannot be signed", async ({ page, chain, wallet, open }) => {
    const { key, address } = await chain.person({ USDC: usdc(50) });
    await wallet(key);
    await open("/#/trade/MAG7.ssi");
    await page.getByRole("textbox", { name: "You pay", exact: true }).fill("50.000001");
    await expect(page.getByText("You have 50 USDC")).toBeVisible();
    await expect(page.getByRole("button", { name: "Sign and buy" })).toBeDisabled();
    expect(await chain.client.getTransactionCount({ address })).toBe(0);
  });

  test("more digits than the token has are not rounded away", async ({ page, chain, wallet, open }) => {
    const { key } = await chain.person({ USDC: usdc(50) });
    await wallet(key);
    await open("/#/trade/MAG7.ssi");
    await page.getByRole("textbox", { name: "You pay", exact: true }).fill("1.0000001");
    await expect(page.getByText("At most 6 digits behind the point")).toBeVisible();
    await expect(page.getByRole("button", { name: /buy/i }).last()).toBeDisabled();
  });

  test("the endpoint goes and comes back", async ({ page, chain }) => {
    await page.route(`${chain.config.rpcUrl}/**`, (route) => route.abort());
    await page.goto("/");
    await expect(page.getByText("The network endpoint does not answer.")).toBeVisible({ timeout: 90_000 });
    await page.unroute(`${chain.config.rpcUrl}/**`);
    await expect(page.getByRole("link", { name: "MAG7.ssi", exact: true })).toBeVisible({ timeout: 90_000 });
  });
});

test.describe("staking", () => {
  test("unstake twice and see the timer restart, then claim after 14 days", async ({ page, chain, wallet, open }) => {
    const { key, address } = await chain.person({ "MAG7.ssi": 10n * 10n ** 18n });
    const vault = chain.config.staked["MAG7.ssi"]!;
    const read = allOf(chain);
    await wallet(key);
    await open("/#/stake/MAG7.ssi");
    await page.getByRole("textbox", { name: "Stake", exact: true }).fill("10");
    await page.getByRole("button", { name: "Sign and stake" }).click();
    await expect(page.getByText("Done: Stake 10 MAG7.ssi")).toBeVisible();
    const shares = await chain.balance(vault, address);
    expect(shares).toBeGreaterThan(0n);

    await page.getByRole("textbox", { name: "Unstake", exact: true }).fill("2");
    await page.getByRole("button", { name: "Unstake", exact: true }).click();
    await expect(page.getByText("Done: Unstake 2 sMAG7.ssi")).toBeVisible();
    const first = await read.exit(vault, address);

    chain.lever("warp", 3 * DAY);
    await page.getByRole("textbox", { name: "Unstake", exact: true }).fill("1");
    await expect(page.getByText("This starts your timer again.")).toBeVisible();
    await page.getByRole("button", { name: "Unstake", exact: true }).click();
    await page.getByRole("button", { name: "Keep the timer" }).click();
    expect((await read.exit(vault, address)).maturesAt).toBe(first.maturesAt);
    await page.getByRole("button", { name: "Unstake", exact: true }).click();
    await page.getByRole("button", { name: "Unstake and restart the timer" }).click();
    await expect(page.getByText("Done: Unstake 1 sMAG7.ssi")).toBeVisible();
    const second = await read.exit(vault, address);
    expect(second.maturesAt).toBeGreaterThanOrEqual(first.maturesAt + BigInt(3 * DAY));
    expect(second.coolingShares).toBe(3n * 10n ** 18n);

    chain.lever("warp", 14 * DAY + 60);
    await page.reload();
    const claim = page.getByRole("button", { name: /^Claim [1-9]/ });
    await claim.click();
    await expect(page.getByText(/Done: Claim/)).toBeVisible();
    expect(await chain.balance(chain.token("MAG7.ssi").address, address)).toBe(second.coolingAssets);
    expect((await read.exit(vault, address)).claimableAssets).toBe(0n);
  });
});

test("redeem in kind with a frozen constituent, and collect it later", async ({ page, chain, wallet, open }) => {
  const { key, address } = await chain.person({ "MEME.ssi": 10n * 10n ** 18n });
  const index = chain.token("MEME.ssi").address;
  const [tokens] = await chain.client.readContract({ address: index, abi: indexAbi, functionName: "basket" });
  const symbols = await Promise.all(tokens.map((token) => chain.client.readContract({ address: token, abi: parseAbi(["function symbol() view returns (string)"]), functionName: "symbol" })));
  const frozen = tokens[symbols.indexOf("PEPE")]!;
  chain.lever("freeze", "PEPE", address);
  await wallet(key);
  await open("/#/trade/MEME.ssi");
  await page.getByRole("tab", { name: "In kind" }).click();
  await page.getByRole("textbox", { name: "Shares", exact: true }).fill("10");
  await page.getByRole("button", { name: "Redeem in kind" }).click();
  await expect(page.getByText("Done: Redeem 10 MEME.ssi in kind")).toBeVisible();

  const owed = await chain.client.readContract({ address: index, abi: indexAbi, functionName: "claimOf", args: [frozen, address] });
  expect(owed).toBeGreaterThan(0n);
  expect(await chain.balance(index, address)).toBe(0n);
  expect(await chain.balance(frozen, address)).toBe(0n);
  for (const token of tokens) if (token !== frozen) expect(await chain.balance(token, address)).toBeGreaterThan(0n);

  await expect(page.getByText("Your open claims")).toBeVisible();
  await page.getByRole("button", { name: "Collect PEPE" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  chain.lever("freeze", "PEPE", address, false);
  await page.getByRole("button", { name: "Collect PEPE" }).click();
  await expect(page.getByText("Done: Collect PEPE")).toBeVisible();
  expect(await chain.balance(frozen, address)).toBe(owed);
});

test("a referral link binds the friend with their first purchase", async ({ page, chain, wallet, open }) => {
  const referrer = await chain.person();
  const friend = await chain.person({ USDC: usdc(500) });
  const registry = { address: chain.config.contracts["ReferralRegistry"]!, abi: registryAbi };
  await chain.send(referrer.key, { ...registry, functionName: "register", args: [`0x${Buffer.from("JOURNEY").toString("hex").padEnd(64, "0")}`] });
  await wallet(friend.key);
  await open("/?ref=JOURNEY#/trade/DEFI.ssi");
  await expect(page.getByText("Referral code JOURNEY goes with your first purchase.")).toBeVisible();
  await page.getByRole("textbox", { name: "You pay", exact: true }).fill("200");
  await page.getByRole("button", { name: "Sign and buy" }).click();
  await expect(page.getByText("Done: Buy")).toBeVisible();
  const [bound] = await chain.client.readContract({ ...registry, functionName: "referrerOf", args: [friend.address] });
  expect(bound).toBe(referrer.address);
});

test("join, be recorded and claim a pot", async ({ page, chain, wallet, open }) => {
  const { key, address } = await chain.person({ "MAG7.ssi": 5n * 10n ** 18n, USDC: usdc(1) });
  const ledger = { address: chain.config.contracts["PointsLedger"]!, abi: ledgerAbi };
  await wallet(key);
  await open("/#/points");
  await page.getByRole("button", { name: "Join", exact: true }).click();
  await expect(page.getByText("Done: Join")).toBeVisible();
  expect(await chain.client.readContract({ ...ledger, functionName: "joinedAt", args: [address] })).toBeGreaterThan(0n);

  const [epoch, genesis, length] = await Promise.all(
    (["currentEpoch", "epochGenesis", "epochLength"] as const).map((functionName) => chain.client.readContract({ ...ledger, functionName })),
  );
  const pot = usdc(100);
  const token = chain.token("USDC").address;
  const rich = chain.config.testWallet!.key;
  await chain.send(rich, { address: token, abi: parseAbi(["function approve(address,uint256)"]), functionName: "approve", args: [ledger.address, pot] });
  await chain.send(rich, { ...ledger, functionName: "fund", args: [epoch, token, pot] });
  const prices = { address: chain.config.contracts["ReferencePrices"]!, abi: parseAbi(["function sample()"]) };
  for (const _ of [1, 2]) {
    chain.lever("warp", DAY);
    await chain.send(rich, { ...prices, functionName: "sample", args: [] });
  }
  chain.lever("warp", Number(genesis! + (epoch! + 1n) * length! - (await chain.client.getBlock()).timestamp) + 1);
  await page.reload();
  await page.getByRole("button", { name: /^Record yourself/ }).first().click();
  await expect(page.getByText(`Done: Record epoch ${epoch}`)).toBeVisible();
  expect(await chain.client.readContract({ ...ledger, functionName: "recordedPoints", args: [address, epoch!] })).toBeGreaterThan(0n);

  chain.lever("warp", 7 * DAY + 60);
  const before = await chain.balance(token, address);
  await page.reload();
  await page.getByRole("button", { name: "Claim USDC" }).click();
  await expect(page.getByText(`Done: Claim USDC of epoch ${epoch}`)).toBeVisible();
  expect((await chain.balance(token, address)) - before).toBe(pot);
});
