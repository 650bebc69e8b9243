import { parseUnits } from "viem";

import { expect, test } from "./support/test";

const usdc = (whole: number) => parseUnits(String(whole), 6);
const PAY = { name: "You pay", exact: true } as const;

test("a rejected signature sends nothing", async ({ page, chain, wallet, open }) => {
  const { key, address } = await chain.person({ USDC: usdc(1_000) });
  await wallet(key);
  await open("/#/trade/MAG7.ssi");
  await page.getByRole("textbox", PAY).fill("100");
  const button = page.getByRole("button", { name: "Sign and buy" });
  await expect(button).toBeEnabled();
  await page.evaluate(() => Object.assign(window, { rejectNext: true }));
  await button.click();
  await expect(page.getByText("You rejected the request in the wallet.")).toBeVisible();

  expect(await chain.sent(address)).toBe(0);
  expect(await chain.balance(chain.token("USDC").address, address)).toBe(usdc(1_000));
  await button.click();
  await expect(page.getByText("Done: Buy")).toBeVisible();
  expect(await chain.sent(address)).toBe(1);
});

test("an expired quote is refused, and a fresh one goes through", async ({ page, chain, wallet, open }) => {
  const { key, address } = await chain.person({ USDC: usdc(1_000) });
  await wallet(key);
  await open("/#/trade/MAG7.ssi");
  await page.getByRole("textbox", PAY).fill("100");
  const button = page.getByRole("button", { name: "Sign and buy" });
  await expect(button).toBeEnabled();
  // The person leaves the wallet's question open for longer than the offer is good for.
  await page.evaluate(() => Object.assign(window, { waits: true }));
  await button.click();
  await expect(page.getByText("Sign the permit in your wallet")).toBeVisible();
  await page.waitForFunction(() => "letSign" in window); // the page says so before it asks
  await chain.warp(21 * 60);
  await page.evaluate(() => {
    const person = window as unknown as { waits: boolean; letSign: () => void };
    person.waits = false;
    person.letSign();
  });
  await expect(page.getByText(/^The offer ran out at/)).toBeVisible();
  expect(await chain.sent(address)).toBe(0);
  expect(await chain.balance(chain.token("USDC").address, address)).toBe(usdc(1_000));

  await button.click();
  await expect(page.getByText("Done: Buy")).toBeVisible();
  expect(await chain.balance(chain.token("MAG7.ssi").address, address)).toBeGreaterThan(0n);
});

test("another network is named, and switched from", async ({ page, chain, wallet, open }) => {
  const { key, address } = await chain.person({ USDC: usdc(1_000) });
  await wallet(key, { chainId: 137 });
  await open("/#/trade/MAG7.ssi");
  await page.getByRole("textbox", PAY).fill("100");
  await expect(page.getByText("Your wallet is on another network.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Sign and buy" })).toHaveCount(0);
  expect(await chain.sent(address)).toBe(0);
  await page.getByRole("button", { name: /^Switch to/ }).click();
  await expect(page.getByText("Your wallet is on another network.")).toHaveCount(0);
  await page.getByRole("button", { name: "Sign and buy" }).click();
  await expect(page.getByText("Done: Buy")).toBeVisible();
  expect(await chain.balance(chain.token("MAG7.ssi").address, address)).toBeGreaterThan(0n);
});

test("insufficient balance: more than one has cannot be signed", async ({ page, chain, wallet, open }) => {
  const { key, address } = await chain.person({ USDC: usdc(50) });
  await wallet(key);
  await open("/#/trade/MAG7.ssi");
  await page.getByRole("textbox", PAY).fill("50.000001");
  await expect(page.getByText("Worth at NAV")).toBeVisible();
  await expect(page.getByText("You have 50 USDC")).toBeVisible();
  await expect(page.getByRole("button", { name: "Sign and buy" })).toBeDisabled();
  expect(await chain.sent(address)).toBe(0);
  expect(await chain.balance(chain.token("USDC").address, address)).toBe(usdc(50));
  await page.getByRole("textbox", PAY).fill("50");
  await expect(page.getByRole("button", { name: "Sign and buy" })).toBeEnabled();
});

test("amounts with too many decimals are not rounded away", async ({ page, chain, wallet, open }) => {
  const { key, address } = await chain.person({ USDC: usdc(50) });
  await wallet(key);
  await open("/#/trade/MAG7.ssi");
  await page.getByRole("textbox", PAY).fill("1.0000001");
  await expect(page.getByText("At most 6 digits behind the point")).toBeVisible();
  const button = page.locator("form").getByRole("button", { name: /buy|approve/i });
  await expect(button).toBeDisabled();
  await page.getByRole("textbox", PAY).press("Enter");
  expect(await chain.sent(address)).toBe(0);
  await page.getByLabel("Token").selectOption("DAI");
  await expect(page.getByText("At most 6 digits behind the point")).toHaveCount(0);
});

test("the endpoint goes, and comes back", async ({ page, chain, wallet, open }) => {
  const { key, address } = await chain.person({ USDC: usdc(1_000) });
  const endpoint = (url: URL) => url.href.startsWith(chain.config.rpcUrl);
  await wallet(key);
  await open("/#/trade/MAG7.ssi");
  await page.getByRole("textbox", PAY).fill("100");
  await expect(page.getByText("Worth at NAV")).toBeVisible();
  await page.route(endpoint, (route) => route.abort());
  const silent = page.getByText("The network endpoint does not answer.");
  await page.getByRole("button", { name: "Sign and buy" }).click();
  await expect(silent.first()).toBeVisible();
  await expect(page.getByText("What you see may be old.")).toBeVisible();
  expect(await chain.sent(address)).toBe(0);

  await page.unroute(endpoint);
  await expect(page.getByText("What you see may be old.")).toHaveCount(0);
  await expect(page.getByText("Worth at NAV")).toBeVisible();
  await page.getByRole("button", { name: "Sign and buy" }).click();
  await expect(page.getByText("Done: Buy")).toBeVisible();
  expect(await chain.balance(chain.token("MAG7.ssi").address, address)).toBeGreaterThan(0n);
});

test("what was sent is waited for after a reload", async ({ page, chain, wallet, open }) => {
  const { key, address } = await chain.person({ USDC: usdc(1_000) });
  await wallet(key);
  await open("/#/trade/MAG7.ssi");
  await page.getByRole("textbox", PAY).fill("100");
  await expect(page.getByRole("button", { name: "Sign and buy" })).toBeEnabled();
  await chain.client.setAutomine(false);
  try {
    await page.getByRole("button", { name: "Sign and buy" }).click();
    await expect(page.getByText("Waiting for a block")).toBeVisible();
    await page.reload();
    await expect(page.getByText("Waiting for a block")).toBeVisible();
    await chain.client.mine({ blocks: 1 });
    await expect(page.getByText("Done: Buy")).toBeVisible();
  } finally {
    await chain.client.setAutomine(true);
  }
  expect(await chain.sent(address)).toBe(1);
  expect(await chain.balance(chain.token("MAG7.ssi").address, address)).toBeGreaterThan(0n);
});
