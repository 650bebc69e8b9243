import type { Address, Hex } from "viem";

/** A token that can be paid with. `permit`: the EIP-712 version of its EIP-2612 domain, null where it has none. */
export interface PayToken {
  symbol: string;
  address: Address;
  decimals: number;
  permit: { name: string; version: string } | null;
}

/** What `config.json` beside the page says: which deployment this site shows. Written by the build, never by hand. */
export interface Config {
  chainId: number;
  network: string;
  fork: boolean;
  rpcUrl: string;
  /** Of an indexer that answers for what was; null where the chain is read instead. */
  indexerUrl: string | null;
  explorer: string | null;
  deployedAtBlock: number;
  contracts: Record<string, Address>;
  indexes: Record<string, Address>;
  staked: Record<string, Address>;
  tokens: PayToken[];
  methodologies: Record<string, { contract: string; words: string; parameters: Record<string, string> }>;
  external: { multicall3: Address; permit2: Address; positionManager: Address; weth: Address; soso: Address };
  walletConnectProjectId: string | null;
  /** Only on a local fork: a key of the development chain, so that a newcomer can click through everything. */
  testWallet: { key: Hex } | null;
}

const RPC_KEY = "ssi.rpc";
const INDEXER_KEY = "ssi.indexer";

/** The endpoint that this person has chosen, else the one of the deployment. */
export function rpcUrl(config: Config): string {
  return localStorage.getItem(RPC_KEY) ?? config.rpcUrl;
}

/** Remembers an endpoint, or forgets it where `url` is empty. Throws where it is no web address. */
export function chooseRpc(url: string): void {
  choose(RPC_KEY, url);
}

/** The indexer that this person has chosen, else the one of the deployment; null for none. */
export function indexerUrl(config: Config): string | null {
  const chosen = localStorage.getItem(INDEXER_KEY) ?? config.indexerUrl;
  return chosen ? chosen.replace(/\/+$/, "") : null;
}

/**
 * Remembers an indexer; "none" where there shall be none; forgets it where `url` is empty. Throws where it is no web
 * address.
 */
export function chooseIndexer(url: string): void {
  if (url.trim().toLowerCase() === "none") localStorage.setItem(INDEXER_KEY, "");
  else choose(INDEXER_KEY, url);
}

function choose(key: string, url: string): void {
  if (url === "") {
    localStorage.removeItem(key);
    return;
  }
  const parsed = new URL(url);
  if (parsed.protocol !== "https:" && parsed.protocol !== "http:")
    throw new Error("A web address begins with https://");
  localStorage.setItem(key, url);
}

export async function loadConfig(): Promise<Config> {
  const answer = await fetch("./config.json", { cache: "no-store" });
  if (!answer.ok) throw new Error(`config.json is missing beside this page (HTTP ${answer.status}).`);
  return (await answer.json()) as Config;
}

/** The address of a contract that must be deployed for the page to make sense. */
export function contract(config: Config, name: string): Address {
  const address = config.contracts[name];
  if (!address) throw new Error(`${name} is not deployed on ${config.network}.`);
  return address;
}

/** Symbol of an index by its address; the address itself where it is unknown. */
export function indexSymbol(config: Config, address: string): string {
  const found = Object.entries(config.indexes).find(([, at]) => at.toLowerCase() === address.toLowerCase());
  return found ? found[0] : address;
}

/** Name of any address that the deployment knows. */
export function nameOf(config: Config, address: string): string | null {
  const at = address.toLowerCase();
  const lists: [Record<string, Address>, (name: string) => string][] = [
    [config.indexes, (name) => name],
    [config.staked, (name) => `s${name}`],
    [config.contracts, (name) => name],
  ];
  for (const [list, label] of lists) {
    for (const [name, value] of Object.entries(list)) if (value.toLowerCase() === at) return label(name);
  }
  return config.tokens.find((token) => token.address.toLowerCase() === at)?.symbol ?? null;
}
