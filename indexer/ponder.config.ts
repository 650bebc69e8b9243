import { createConfig } from "ponder";
export default createConfig({ chains: { main: { id: 1, rpc: process.env.INDEXER_RPC_URL } }, contracts: {} });
