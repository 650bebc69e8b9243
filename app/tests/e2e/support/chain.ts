import { execFileSync } from "node:child_process";

import {
  type Address, createTestClient, createWalletClient, erc20Abi, getAddress, type Hex, http, keccak256, parseEther, publicActions, slice, toBytes,
} from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { mainnet } from "viem/chains";

import type { Config } from "../../../src/chain/config";

/** The fork, as a test sees it behind the site's back. */
export class Chain {
  readonly client;
  /** The test wallet of the fork. */
  readonly rich;
  /** Sends for any account: the fork signs for all. */
  readonly unlocked;
  constructor(readonly config: Config) {
    const transport = http(config.rpcUrl, { timeout: 120_000 });
    this.client = createTestClient({ chain: mainnet, mode: "anvil", transport }).extend(publicActions);
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

  balance(token: Address, who: Address): Promise<bigint> {
    return this.client.readContract({ address: token, abi: erc20Abi, functionName: "balanceOf", args: [who] });
  }

  /** A new account with ether and some tokens. */
  async person(gifts: Record<string, bigint> = {}): Promise<{ key: Hex; address: Address }> {
    const key = generatePrivateKey();
    const { address } = privateKeyToAccount(key);
    await this.client.setBalance({ address, value: parseEther("100") });
    for (const [symbol, value] of Object.entries(gifts)) {
      const call = { address: this.token(symbol).address, abi: erc20Abi, functionName: "transfer", args: [address, value] } as const;
      // Indexes come from the investor of tools/app.py, whose account is the hash of their label.
      const investor = getAddress(slice(keccak256(toBytes(`app investor ${symbol}`)), 12));
      const hash = this.config.indexes[symbol]
        ? await this.unlocked.writeContract({ ...call, account: investor })
        : await this.rich.writeContract(call);
      await this.mined(hash);
    }
    return { key, address };
  }

  /** A contract call by an account whose key is known, mined and successful. */
  async send(key: Hex, call: { address: Address; abi: readonly unknown[]; functionName: string; args: readonly unknown[] }): Promise<void> {
    const wallet = createWalletClient({ account: privateKeyToAccount(key), chain: mainnet, transport: http(this.config.rpcUrl) });
    await this.mined(await wallet.writeContract(call as never));
  }

  async mined(hash: Hex): Promise<void> {
    const { status } = await this.client.waitForTransactionReceipt({ hash });
    if (status !== "success") throw new Error(`${hash} reverted`);
  }

  /** One of the levers of forks/control.py. */
  lever(name: "warp" | "freeze" | "pause" | "deal", ...args: (string | number | boolean | bigint)[]): void {
    const said = args.map((arg) => (typeof arg === "string" ? JSON.stringify(arg) : typeof arg === "boolean" ? (arg ? "True" : "False") : String(arg)));
    const program = `from forks import control; from ssi.chain.rpc import Rpc; control.${name}(Rpc(${JSON.stringify(this.config.rpcUrl)}), ${said.join(", ")})`;
    execFileSync("python", ["-c", program], { cwd: "..", stdio: ["ignore", "pipe", "inherit"] });
  }
}
