import type { Address, Hex, PublicClient } from "viem";
import { erc20Abi, parseEther, parseUnits } from "viem";

import { decode } from "../../src/data/changes";
import { type Mode, quoteOf } from "../../src/data/quote";
import { indexLensAbi } from "../../src/generated/abis";
import { DAY, WAD } from "../../src/generated/constants";
import { amount, usd } from "../../src/lib/format";
import { atLeast, atMost, effective, fullRangeWorth, perToken, pointsADay, worth } from "../../src/lib/math";
import { allOf, ledgerAbi, managerAbi, stakeAbi } from "./support/reading";
import { expect, test } from "./support/test";

/** JSON carries integers as text. */
type Text = string;
interface Figures {
  symbol: string;
  nav: Text;
  summed: Text;
  sharePrice: Text;
  supply: Text;
  read: { price: string; supply: string };
  constituents: {
    symbol: string;
    accounted: Text;
    available: Text;
    value: Text;
    weight: Text;
    read: { accounted: string; price: string; value: string };
  }[];
}

test("arithmetic and formatting are Python's to the wei", async ({ chain }) => {
  const cases =
    await chain.levers.ask<Record<"points" | "limits" | "liquidity" | "usd" | "amount" | "perToken", string[][]>>(
      "cases",
    );
  const big = (row: string[]) =>
    row.map((each) => (/^\d+$/.test(each) ? BigInt(each) : 0n)) as [bigint, bigint, bigint, bigint, bigint];
  for (const row of cases.points) {
    const [held, staked, locked, soso, points] = big(row);
    const position = { held, staked, locked, soso };
    expect(pointsADay(position)).toBe(points);
    const total = held + staked + locked;
    expect(effective(position)).toBe(total === 0n ? 0n : (points * WAD) / total);
  }
  for (const row of cases.limits) {
    const [value, tolerance, least, most] = big(row);
    expect([atLeast(value, tolerance), atMost(value, tolerance)]).toEqual([least, most]);
  }
  for (const row of cases.liquidity) {
    const [liquidity, price0, decimals, price1, dollars] = big(row);
    expect(
      fullRangeWorth(liquidity, { price: price0, decimals: Number(decimals) }, { price: price1, decimals: 18 }),
    ).toBe(dollars);
  }
  for (const [value, text] of cases.usd) expect(usd(BigInt(value!))).toBe(text);
  for (const [value, decimals, text] of cases.amount) expect(amount(BigInt(value!), Number(decimals))).toBe(text);
  for (const row of cases.perToken) {
    const [price, out, paid, expected] = big(row);
    expect(perToken(price, Number(out), Number(paid))).toBe(expected);
  }
  expect(Object.values(cases).every((list) => list.length >= 100)).toBe(true);
});

test("decoding: every figure of every index is Python's, and stands on the page as Python writes it", async ({
  page,
  chain,
}) => {
  const python = await chain.levers.ask<Figures[]>("overviews");
  const ours = await chain.client.readContract({
    address: chain.contract("IndexLens"),
    abi: indexLensAbi,
    functionName: "overviews",
  });
  expect(ours.length).toBe(python.length);
  for (const [i, index] of ours.entries()) {
    const theirs = python[i]!;
    expect([index.symbol, index.nav, index.sharePrice, index.totalSupply].map(String)).toEqual([
      theirs.symbol,
      theirs.nav,
      theirs.sharePrice,
      theirs.supply,
    ]);
    const summed = index.constituents.reduce(
      (sum, c) => sum + worth(c.accounted < c.available ? c.accounted : c.available, c.decimals, c.price),
      0n,
    );
    expect(String(summed)).toBe(theirs.summed);
    expect(index.constituents.map((c) => [c.symbol, c.accounted, c.available, c.value, c.weight].map(String))).toEqual(
      theirs.constituents.map((c) => [c.symbol, c.accounted, c.available, c.value, c.weight]),
    );
  }
  for (const theirs of python) {
    await page.goto(`/#/index/${theirs.symbol}`);
    await expect(page.getByRole("definition").filter({ hasText: theirs.read.price }).first()).toHaveText(
      theirs.read.price,
    );
    await expect(page.getByRole("definition").filter({ hasText: theirs.read.supply }).first()).toHaveText(
      theirs.read.supply,
    );
    const weights = page.getByRole("region", { name: /^Weights of/ });
    const holdings = page.getByRole("region", { name: /says it holds/ });
    for (const c of theirs.constituents) {
      const has = page.getByRole("cell", { name: c.symbol, exact: true });
      await expect(weights.getByRole("row").filter({ has })).toContainText(c.read.value);
      await expect(holdings.getByRole("row").filter({ has })).toContainText(c.read.accounted);
    }
  }
});

test("quotes of all four kinds are Python's to the wei, and the least that is received is what the page says", async ({
  page,
  chain,
  wallet,
  open,
}) => {
  const [dollars, shares] = [parseUnits("1000", 6), parseEther("12")];
  // Blocks without time between them, so that what is quoted is what happens.
  await chain.client.setBlockTimestampInterval({ interval: 0 });
  const python = await chain.levers.ask<Record<Mode, [Text, Text]>>("quotes", String(dollars), String(shares));
  const [router, index, token] = [
    chain.contract("IndexRouter"),
    chain.token("MAG7.ssi").address,
    chain.token("USDC").address,
  ];
  const of = (mode: Mode, value: bigint) =>
    quoteOf(chain.client as unknown as PublicClient, router, mode, index, token, value, shares);
  for (const [mode, value] of [
    ["buyIn", dollars],
    ["buyOut", shares],
    ["sellIn", shares],
    ["sellOut", dollars],
  ] as const) {
    const ours = await of(mode, value);
    expect([ours.shares, ours.tokens].map(String), mode).toEqual(python[mode]);
  }
  const { key, address } = await chain.person({ USDC: dollars });
  await wallet(key);
  await open("/#/trade/MAG7.ssi");
  await page.getByRole("textbox", { name: "You pay", exact: true }).fill("1000");
  await expect(page.getByText(`${amount(BigInt(python.buyIn[0]), 18)} MAG7.ssi`, { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Sign and buy" }).click();
  await expect(page.getByText("Done: Buy")).toBeVisible();
  expect(
    String(
      await chain.client.readContract({ address: index, abi: erc20Abi, functionName: "balanceOf", args: [address] }),
    ),
  ).toBe(python.buyIn[0]);
});

test("a stake, its cooldown and its points are Python's to the wei", async ({ page, chain, wallet, open }) => {
  const { key, address } = await chain.person({ "MAG7.ssi": parseEther("10") });
  const [index, vault] = [chain.token("MAG7.ssi").address, chain.config.staked["MAG7.ssi"]!];
  await chain.send(key, { address: index, abi: erc20Abi, functionName: "approve", args: [vault, parseEther("8")] });
  await chain.send(key, { address: vault, abi: stakeAbi, functionName: "deposit", args: [parseEther("8"), address] });
  await chain.warp(5 * DAY);
  await chain.send(key, {
    address: vault,
    abi: stakeAbi,
    functionName: "requestRedeem",
    args: [parseEther("3"), address, address],
  });
  await wallet(key);
  await open("/#/stake/MAG7.ssi");
  const python = await chain.levers.ask<
    Record<"assets" | "cooling" | "maturesAt" | "points" | "multiplier" | "held" | "staked", Text>
  >("position", address);
  const { exit } = allOf(chain);
  const ours = await exit(vault, address);
  expect([ours.coolingAssets, ours.maturesAt].map(String)).toEqual([python.cooling, python.maturesAt]);
  await expect(page.getByText(`${amount(BigInt(python.assets), 18)} MAG7.ssi`, { exact: true })).toBeVisible();
  const ledger = { address: chain.contract("PointsLedger"), abi: ledgerAbi } as const;
  const epoch = await chain.client.readContract({ ...ledger, functionName: "currentEpoch" });
  const said = await chain.client.readContract({ ...ledger, functionName: "statement", args: [address, epoch] });
  expect([said.points, said.multiplier, said.held.points, said.staked.points].map(String)).toEqual([
    python.points,
    python.multiplier,
    python.held,
    python.staked,
  ]);
});

test("what is scheduled is decoded as Python decodes it", async ({ chain }) => {
  const python =
    await chain.levers.ask<
      { target: Address; function: string; arguments: Record<string, Text>; readyAt: Text; expiresAt: Text }[]
    >("scheduled");
  const event = managerAbi.find((item) => item.type === "event" && item.name === "OperationScheduled")!;
  const logs = await chain.client.getLogs({
    address: chain.contract("ProtocolManager"),
    event: event as never,
    fromBlock: BigInt(chain.config.deployedAtBlock),
  });
  expect(python.length).toBeGreaterThan(1);
  for (const theirs of python) {
    const found = logs
      .map((log) => (log as unknown as { args: { target: Address; data: Hex; schedule: number } }).args)
      .filter((args) => args.target === theirs.target && String(args.schedule) === theirs.readyAt)
      .map((args) => decode(args.data))
      .find((call) => call?.name === theirs.function);
    expect(found?.args.map(String)).toEqual(Object.values(theirs.arguments));
    expect(found?.inputs.map((input) => input.name)).toEqual(Object.keys(theirs.arguments));
  }
});
