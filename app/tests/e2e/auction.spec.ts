import { encodeFunctionData, parseEther } from "viem";

import { NOTICE } from "../../src/generated/constants";
import { indexAbi, managerAbi, rebalancerAbi } from "./support/reading";
import { expect, test } from "./support/test";

test("bid in a running auction", async ({ page, chain, wallet, open }) => {
  const index = chain.token("DEFI.ssi").address;
  const rebalancer = { address: chain.contract("Rebalancer"), abi: rebalancerAbi } as const;
  const [offer] = await chain.client.readContract({ ...rebalancer, functionName: "bidsOf", args: [index] });
  const status = await chain.client.readContract({ ...rebalancer, functionName: "status", args: [index] });
  const bidder = await chain.person();
  await chain.levers.ask("deal", offer!.tokenIn, bidder.address, String(2n * offer!.amountIn));
  await wallet(bidder.key);
  await open("/#/index/DEFI.ssi");
  await expect(page.getByText("Premium now").or(page.getByText("Discount now"))).toBeVisible();
  await page.getByRole("button", { name: /^Max for You get/ }).click();
  await page.getByRole("button", { name: /^Approve/ }).click();
  await page.getByRole("button", { name: "Bid", exact: true }).click();
  await expect(page.getByText(/^Done: Bid for/)).toBeVisible();

  expect(await chain.balance(offer!.tokenOut, bidder.address)).toBeGreaterThan(0n);
  const after = await chain.client.readContract({ ...rebalancer, functionName: "status", args: [index] });
  expect(after.turnoverLeft).toBeLessThan(status.turnoverLeft);
});

test("a scheduled change is shown with what it replaces, and is as shown once it has happened", async ({
  page,
  chain,
}) => {
  const index = chain.token("MAG7.ssi").address;
  await page.goto("/#/governance");
  const change = page.getByRole("listitem").filter({ hasText: "setMintFee" });
  await expect(change).toContainText("Before0.1 %");
  await expect(change).toContainText("After0.08 %");
  await expect(change).toContainText("a staker asks to leave by");
  const terms = () => chain.client.readContract({ address: index, abi: indexAbi, functionName: "terms" });
  expect((await terms()).mintFee).toBe(10n);

  await chain.warp(NOTICE);
  const data = encodeFunctionData({ abi: indexAbi, functionName: "setMintFee", args: [8n] });
  await chain.client.setBalance({ address: chain.contract("Safe"), value: parseEther("1") });
  await chain.mined(
    await chain.unlocked.writeContract({
      account: chain.contract("Safe"),
      address: chain.contract("ProtocolManager"),
      abi: managerAbi,
      functionName: "execute",
      args: [index, data],
    }),
  );
  expect((await terms()).mintFee).toBe(8n);
  await page.reload();
  await expect(page.getByRole("row").filter({ hasText: "setMintFee" })).toContainText("executed");
});
