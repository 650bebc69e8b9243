import { type Address, erc20Abi } from "viem";

import { indexTokenAbi as indexAbi, pointsLedgerAbi as ledgerAbi, referralRegistryAbi as registryAbi, stakedTokenAbi as stakeAbi } from "../../../src/generated/abis";
import type { Chain } from "./chain";

export { indexAbi, ledgerAbi, registryAbi };

export const DAY = 86_400;

/** What journeys ask the chain for most. */
export function allOf({ client }: Chain) {
  return {
    allowance: (token: Address, owner: Address, spender: Address) =>
      client.readContract({ address: token, abi: erc20Abi, functionName: "allowance", args: [owner, spender] }),
    exit: (vault: Address, who: Address) => client.readContract({ address: vault, abi: stakeAbi, functionName: "exitOf", args: [who] }),
  };
}
