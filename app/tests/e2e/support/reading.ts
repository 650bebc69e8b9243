import { type Address, erc20Abi, parseAbi } from "viem";

import {
  indexTokenAbi as indexAbi,
  lpLockerAbi as lockerAbi,
  pointsLedgerAbi as ledgerAbi,
  protocolManagerAbi as managerAbi,
  rebalancerAbi,
  referralRegistryAbi as registryAbi,
  stakedTokenAbi as stakeAbi,
} from "../../../src/generated/abis";
import type { Chain } from "./chain";

export { indexAbi, ledgerAbi, lockerAbi, managerAbi, rebalancerAbi, registryAbi, stakeAbi };

export const positionsAbi = parseAbi([
  "function ownerOf(uint256) view returns (address)",
  "function tokenOfOwnerByIndex(address,uint256) view returns (uint256)",
  "function safeTransferFrom(address,address,uint256)",
]);

/** What journeys ask the chain for most. */
export function allOf({ client }: Chain) {
  return {
    allowance: (token: Address, owner: Address, spender: Address) =>
      client.readContract({ address: token, abi: erc20Abi, functionName: "allowance", args: [owner, spender] }),
    exit: (vault: Address, who: Address) =>
      client.readContract({ address: vault, abi: stakeAbi, functionName: "exitOf", args: [who] }),
  };
}
