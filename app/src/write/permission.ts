import { type Address, encodeAbiParameters, erc20Abi, type Hex, parseSignature } from "viem";
import type { PublicClient, WalletClient } from "viem";

import type { Config, PayToken } from "../chain/config";

/** How the router gets at the payer's tokens, as its enum counts. */
export const Permission = { Allowance: 0, Permit: 1, Permit2: 2 } as const;

export type Way = "ether" | "permit" | "permit2" | "allowance" | "approve";

const permit2612 = {
  Permit: [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
} as const;

const noncesAbi = [
  {
    type: "function",
    name: "nonces",
    stateMutability: "view",
    inputs: [{ name: "owner", type: "address" }],
    outputs: [{ type: "uint256" }],
  },
] as const;

/**
 * The cheapest way that asks least of the payer: an allowance that is there, a signature where the token knows
 * EIP-2612, a signature where the payer has allowed Permit2, else an approval.
 */
export function chooseWay(token: PayToken | null, needed: bigint, toRouter: bigint, toPermit2: bigint): Way {
  if (token === null) return "ether";
  if (toRouter >= needed) return "allowance";
  if (token.permit) return "permit";
  return toPermit2 >= needed ? "permit2" : "approve";
}

const LIFE = 20n * 60n; // seconds that an order or a signature is good for

/** Unix seconds: twenty minutes after the chain's latest block. The browser's clock may be wrong. */
export async function deadlineFrom(client: PublicClient): Promise<bigint> {
  return (await client.getBlock()).timestamp + LIFE;
}

/** `abi.encode(value, deadline, v, r, s)` of an EIP-2612 permit, signed now. */
export async function signPermit(
  client: PublicClient,
  wallet: WalletClient,
  token: { address: Address; permit: { name: string; version: string } },
  spender: Address,
  value: bigint,
  deadline: bigint,
): Promise<Hex> {
  const account = wallet.account;
  if (!account) throw new Error("No account is connected.");
  const owner = account.address;
  const nonce = await client.readContract({
    address: token.address,
    abi: noncesAbi,
    functionName: "nonces",
    args: [owner],
  });
  const chainId = await client.getChainId();
  const signature = await wallet.signTypedData({
    account,
    domain: { name: token.permit.name, version: token.permit.version, chainId, verifyingContract: token.address },
    types: permit2612,
    primaryType: "Permit",
    message: { owner, spender, value, nonce, deadline },
  });
  const { r, s, v, yParity } = parseSignature(signature);
  return encodeAbiParameters(
    [{ type: "uint256" }, { type: "uint256" }, { type: "uint8" }, { type: "bytes32" }, { type: "bytes32" }],
    [value, deadline, Number(v ?? BigInt(27 + yParity)), r, s],
  );
}

/** `abi.encode(maximum, nonce, deadline, signature)` of a Permit2 signature transfer, signed now. */
export async function signPermit2(
  config: Config,
  client: PublicClient,
  wallet: WalletClient,
  token: Address,
  spender: Address,
  maximum: bigint,
  deadline: bigint,
): Promise<Hex> {
  const account = wallet.account;
  if (!account) throw new Error("No account is connected.");
  // Permit2's nonces have no order: a random one of 2^256 is as good as unused.
  const nonce = BigInt(
    `0x${[...crypto.getRandomValues(new Uint8Array(32))].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`,
  );
  const signature = await wallet.signTypedData({
    account,
    domain: { name: "Permit2", chainId: await client.getChainId(), verifyingContract: config.external.permit2 },
    types: {
      PermitTransferFrom: [
        { name: "permitted", type: "TokenPermissions" },
        { name: "spender", type: "address" },
        { name: "nonce", type: "uint256" },
        { name: "deadline", type: "uint256" },
      ],
      TokenPermissions: [
        { name: "token", type: "address" },
        { name: "amount", type: "uint256" },
      ],
    },
    primaryType: "PermitTransferFrom",
    message: { permitted: { token, amount: maximum }, spender, nonce, deadline },
  });
  return encodeAbiParameters(
    [{ type: "uint256" }, { type: "uint256" }, { type: "uint256" }, { type: "bytes" }],
    [maximum, nonce, deadline, signature],
  );
}

/** The approval that `way` "approve" asks for: of the amount alone, or of Permit2 once where the payer prefers that. */
export function approval(token: Address, spender: Address, value: bigint) {
  return { address: token, abi: erc20Abi, functionName: "approve" as const, args: [spender, value] as const };
}
