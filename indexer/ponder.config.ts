/**
 * What is read, and from where. Environment:
 *
 * - `INDEXER_RPC_URL`: nodes that answer for old blocks, archives, with commas between. Each is asked 20 times a second
 *   at first, and more often while it answers; so a node that can bear it may be named several times;
 * - `INDEXER_DEPLOYMENT`: the settings of `tools/indexer_config.py`, `deployment.json` unless told;
 * - `DATABASE_URL`: a PostgreSQL; without it the embedded database keeps its files in `INDEXER_DATA`;
 * - `INDEXER_POLL_MS`: how often it asks for new blocks.
 */
import { createConfig } from "ponder";
import * as abis from "./abis.ts";
import { settings, type Hex } from "./src/settings.ts";

const { startBlock, contracts } = settings;
const at = (name: string) => ({ chain: "main", startBlock, address: contracts[name] as Hex }) as const;

export default createConfig({
  database: process.env.DATABASE_URL
    ? { kind: "postgres", connectionString: process.env.DATABASE_URL, poolConfig: { max: 17 } }
    : { kind: "pglite", directory: process.env.INDEXER_DATA ?? ".ponder/pglite" },
  chains: {
    main: {
      id: settings.chainId,
      rpc: process.env.INDEXER_RPC_URL?.split(","),
      pollingInterval: Number(process.env.INDEXER_POLL_MS ?? 1_000),
    },
  },
  contracts: {
    IndexToken: { chain: "main", startBlock, abi: abis.indexTokenAbi, address: Object.values(settings.indexes) },
    StakedToken: {
      chain: "main",
      startBlock,
      abi: abis.stakedTokenAbi,
      address: Object.values(settings.staked).map((vault) => vault.address),
    },
    IndexFactory: { ...at("IndexFactory"), abi: abis.indexFactoryAbi },
    IndexRouter: { ...at("IndexRouter"), abi: abis.indexRouterAbi },
    FeeDistributor: { ...at("FeeDistributor"), abi: abis.feeDistributorAbi },
    LpLocker: { ...at("LpLocker"), abi: abis.lpLockerAbi },
    PointsLedger: { ...at("PointsLedger"), abi: abis.pointsLedgerAbi },
    ReferencePrices: { ...at("ReferencePrices"), abi: abis.referencePricesAbi },
    ReferralRegistry: { ...at("ReferralRegistry"), abi: abis.referralRegistryAbi },
    Rebalancer: { ...at("Rebalancer"), abi: abis.rebalancerAbi },
    UniswapFiller: { ...at("UniswapFiller"), abi: abis.uniswapFillerAbi },
    ProtocolManager: { ...at("ProtocolManager"), abi: abis.protocolManagerAbi },
  },
  blocks: {
    Look: { chain: "main", startBlock, interval: settings.blocksPerLook },
  },
});
