/** The deployment that is indexed, as `tools/indexer_config.py` wrote it, and what follows from it. */
import { readFileSync } from "node:fs";

export type Hex = `0x${string}`;

type Settings = {
  chainId: number;
  startBlock: number;
  blocksPerLook: number;
  epochGenesis: number;
  epochLength: number;
  contracts: Record<string, Hex>;
  indexes: Record<string, Hex>;
  staked: Record<string, { address: Hex; asset: Hex }>;
};

export const settings: Settings = JSON.parse(readFileSync(process.env.INDEXER_DEPLOYMENT ?? "deployment.json", "utf8"));

export const lower = (address: string) => address.toLowerCase() as Hex;

/** A contract of the deployment. */
export function contract(name: string): Hex {
  const found = settings.contracts[name];
  if (found === undefined) throw new Error(`${name} is missing in the settings of the deployment`);
  return lower(found);
}

/** Names as the record of the deployment has them, "sMAG7.ssi" for a staked token, by address. */
export const names = new Map<Hex, string>([
  ...Object.entries(settings.contracts).map(([name, address]) => [lower(address), name] as const),
  ...Object.entries(settings.indexes).map(([name, address]) => [lower(address), name] as const),
  ...Object.entries(settings.staked).map(([name, vault]) => [lower(vault.address), `s${name}`] as const),
]);

const genesis = BigInt(settings.epochGenesis);
const length = BigInt(settings.epochLength);

/** The epoch of a second. */
export const epochOf = (time: bigint) => Number((time - genesis) / length);

/** The first second of an epoch. */
export const startOf = (epoch: number) => genesis + BigInt(epoch) * length;
