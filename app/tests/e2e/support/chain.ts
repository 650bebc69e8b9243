import {
  type Address,
  createTestClient,
  createWalletClient,
  erc20Abi,
  getAddress,
  type Hex,
  http,
  keccak256,
  parseEther,
  publicActions,
  slice,
  toBytes,
} from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { mainnet } from "viem/chains";

import type { Config } from "../../../src/chain/config";
import type { Levers } from "./levers";

/** The fork, as a test sees it behind the site's back. */
export class Chain {
  readonly client;
  /** The test wallet of the fork. */
  readonly rich;
  /** Sends for any account: the fork signs for all. */
  readonly unlocked;
  constructor(
    readonly config: Config,
    readonly levers: Levers,
  ) {
    const transport = http(config.rpcUrl, { timeout: 120_000 });
    this.client = createTestClient({ chain: mainnet, mode: "anvil", transport, pollingInterval: 100 }).extend(
      publicActions,
    );
    this.unlocked = createWalletClient({ chain: mainnet, transport });
    if (!config.testWallet) throw new Error("The journeys need a fork.");
    this.rich = createWalletClient({ account: privateKeyToAccount(config.testWallet.key), chain: mainnet, transport });
  }

  token(symbol: string): { address: Address; decimals: number } {
    const found = this.config.tokens.find((one) => one.symbol === symbol);
    if (found) return found;
    const index = this.config.indexes[symbol];
    if (!index) throw new Error(`unknown token ${symbol}`);
    return { address: index, decimals: 18 };
  }

  contract(name: string): Address {
    const at = this.config.contracts[name];
    if (!at) throw new Error(`${name} is not deployed`);
    return at;
  }

  balance(token: Address, who: Address): Promise<bigint> {
    return this.client.readContract({ address: token, abi: erc20Abi, functionName: "balanceOf", args: [who] });
  }

  sent(who: Address): Promise<number> {
    return this.client.getTransactionCount({ address: who });
  }

  /** A new account with ether and some tokens. */
  async person(gifts: Record<string, bigint> = {}): Promise<{ key: Hex; address: Address }> {
    const key = generatePrivateKey();
    const { address } = privateKeyToAccount(key);
    await this.client.setBalance({ address, value: parseEther("100") });
    for (const [symbol, value] of Object.entries(gifts)) {
      const call = {
        address: this.token(symbol).address,
        abi: erc20Abi,
        functionName: "transfer",
        args: [address, value],
      } as const;
      // Indexes come from the investor of tools/app_world.py, whose account is the hash of their label.
      const investor = getAddress(slice(keccak256(toBytes(`app investor ${symbol}`)), 12));
      const hash = this.config.indexes[symbol]
        ? await this.unlocked.writeContract({ ...call, account: investor })
        : await this.rich.writeContract(call);
      await this.mined(hash);
    }
    return { key, address };
  }

  /** A contract call by an account whose key is known, mined and successful. */
  async send(
    key: Hex,
    call: { address: Address; abi: readonly unknown[]; functionName: string; args: readonly unknown[] },
  ): Promise<void> {
    const wallet = createWalletClient({
      account: privateKeyToAccount(key),
      chain: mainnet,
      transport: http(this.config.rpcUrl),
    });
    await this.mined(await wallet.writeContract(call as never));
  }

  async mined(hash: Hex): Promise<void> {
    const { status } = await this.client.waitForTransactionReceipt({ hash });
    if (status !== "success") throw new Error(`${hash} reverted`);
  }

  /** Lets time pass, with feeds that keep up. */
  warp(seconds: number): Promise<void> {
    return this.levers.ask("warp", seconds);
  }

  /** Has PEPE refuse an account, or serve it again. */
  freeze(account: Address, frozen = true): Promise<void> {
    return this.levers.ask("freeze", "PEPE", account, frozen);
  }
}
