import { parseAbi, parseEther, parseUnits } from "viem";

import { allOf, indexAbi } from "./support/reading";
import { complaintsOf, expect, test } from "./support/test";

const usdc = (whole: number) => parseUnits(String(whole), 6);

test("first buy by permit", async ({ page, chain, wallet }) => {
  const { key, address } = await chain.person({ USDC: usdc(1_000) });
  await wallet(key, { connected: false });
  await page.goto("/#/trade/MAG7.ssi");
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await page.getByRole("button", { name: "Journey wallet" }).click();
  await page.getByRole("textbox", { name: "You pay", exact: true }).fill("250.5");
  await page.getByRole("button", { name: "Sign and buy" }).click();
  await expect(page.getByText("Done: Buy MAG7.ssi for 250.5 USDC")).toBeVisible();

  const paid = usdc(1_000) - (await chain.balance(chain.token("USDC").address, address));
  expect(paid).toBeGreaterThan(usdc(249));
  expect(paid).toBeLessThanOrEqual(usdc(250.5));
  expect(await chain.balance(chain.token("MAG7.ssi").address, address)).toBeGreaterThan(0n);
  // One transaction and no approval: the permit is for the amount that was typed, and what the purchase did not need of
  // it is all that stays allowed.
  expect(await chain.sent(address)).toBe(1);
  expect(await allOf(chain).allowance(chain.token("USDC").address, address, chain.contract("IndexRouter"))).toBe(
    usdc(250.5) - paid,
  );
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
  await expect(page.getByText("Done: Buy MAG7.ssi for 0.5 ETH")).toBeVisible();

  expect(await chain.balance(chain.token("MAG7.ssi").address, address)).toBe(0n);
  const staked = await chain.balance(chain.config.staked["MAG7.ssi"]!, address);
  expect(staked).toBeGreaterThan(0n);
  expect(parseEther("100") - (await chain.client.getBalance({ address }))).toBeLessThanOrEqual(parseEther("0.51"));
  await page.goto("/#/portfolio");
  await expect(page.getByRole("link", { name: "sMAG7.ssi" })).toBeVisible();
});

test("sell by a signature", async ({ page, chain, wallet, open }) => {
  const { key, address } = await chain.person({ "MAG7.ssi": parseEther("10") });
  await wallet(key);
  await open("/#/trade/MAG7.ssi");
  await page.getByRole("tab", { name: "Sell" }).click();
  await page.getByRole("textbox", { name: "You sell", exact: true }).fill("4");
  await page.getByRole("button", { name: "Sign and sell" }).click();
  await expect(page.getByText("Done: Sell 4 MAG7.ssi")).toBeVisible();

  expect(await chain.balance(chain.token("MAG7.ssi").address, address)).toBe(parseEther("6"));
  expect(await chain.balance(chain.token("USDC").address, address)).toBeGreaterThan(usdc(350));
  await expect(page.getByText("You have 6 MAG7.ssi")).toBeVisible();
});

test("redeem in kind with a frozen constituent, and collect it later", async ({ page, chain, wallet, open }) => {
  const { key, address } = await chain.person({ "MEME.ssi": parseEther("10") });
  const index = chain.token("MEME.ssi").address;
  const [tokens] = await chain.client.readContract({ address: index, abi: indexAbi, functionName: "basket" });
  const abi = parseAbi(["function symbol() view returns (string)"]);
  const symbols = await Promise.all(
    tokens.map((token) => chain.client.readContract({ address: token, abi, functionName: "symbol" })),
  );
  const frozen = tokens[symbols.indexOf("PEPE")]!;
  await chain.freeze(address);
  await wallet(key);
  await open("/#/trade/MEME.ssi");
  await page.getByRole("tab", { name: "In kind" }).click();
  await page.getByRole("textbox", { name: "Shares", exact: true }).fill("10");
  await page.getByRole("button", { name: "Redeem in kind" }).click();
  await expect(page.getByText("Done: Redeem 10 MEME.ssi in kind")).toBeVisible();

  const owed = await chain.client.readContract({
    address: index,
    abi: indexAbi,
    functionName: "claimOf",
    args: [frozen, address],
  });
  expect(owed).toBeGreaterThan(0n);
  expect(await chain.balance(index, address)).toBe(0n);
  expect(await chain.balance(frozen, address)).toBe(0n);
  for (const token of tokens) if (token !== frozen) expect(await chain.balance(token, address)).toBeGreaterThan(0n);

  await expect(page.getByText("Your open claims")).toBeVisible();
  await page.getByRole("button", { name: "Collect PEPE" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await chain.freeze(address, false);
  await page.getByRole("button", { name: "Collect PEPE" }).click();
  await expect(page.getByText("Done: Collect PEPE")).toBeVisible();
  expect(await chain.balance(frozen, address)).toBe(owed);
  await expect(page.getByText("Your open claims")).toHaveCount(0);
});
