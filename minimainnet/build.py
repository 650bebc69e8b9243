"""Puts everything in its place on an empty anvil with chain id 1."""

from __future__ import annotations

from collections.abc import Callable
from math import floor, log

from eth_utils import to_checksum_address

from forks import artifacts
from forks.addresses import (
    CONTRACTS,
    FEEDS,
    FEEDS_OWNER,
    OBSERVED,
    POOLS,
    TOKENS,
    UNISWAP_V2_FEE_SETTER,
    UNISWAP_V3_OWNER,
    USDC_ADMIN,
    USDC_IMPLEMENTATION,
    USDC_LIBRARY,
    USDC_MASTER,
    UniswapPool,
)
from forks.control import deal, refresh_feeds, set_feed
from forks.placing import OWNER, PROVIDER, deploy_to, encode, named, put_aggregator
from minimainnet.prices import decimals, feed_answer, feed_decimals, sqrt_price_x96, wei
from ssi.chain.rpc import Rpc
from ssi.constants import NEVER, ZERO

Progress = Callable[[str], None]


def build(rpc: Rpc, progress: Progress) -> None:
    """Builds it all. Every block is one second after the last, so two builds are the same."""
    rpc.call("anvil_setBlockTimestampInterval", 1)
    for account in (OWNER, PROVIDER, UNISWAP_V3_OWNER, FEEDS_OWNER, USDC_ADMIN, USDC_MASTER):
        rpc.call("anvil_setBalance", account, hex(10**26))

    progress("infrastructure")
    _infrastructure(rpc)
    progress("tokens")
    _tokens(rpc)
    progress("feeds")
    for feed in FEEDS:
        _feed(rpc, feed)
    for number, pool in enumerate(POOLS, 1):
        progress(f"pool {number} of {len(POOLS)}, {pool.a}/{pool.b}")
        add_pool(rpc, pool)

    # Enough time for the averages that pools are asked for. Feeds stay younger than the pools.
    rpc.call("anvil_removeBlockTimestampInterval")
    rpc.call("evm_increaseTime", 7200)
    rpc.call("evm_mine")
    refresh_feeds(rpc)


def _infrastructure(rpc: Rpc) -> None:
    from ape_ethereum.multicall.constants import MULTICALL3_CODE

    weth, v2, v3 = TOKENS["WETH"], CONTRACTS["UniswapV2Factory"], CONTRACTS["UniswapV3Factory"]
    position_manager = CONTRACTS["NonfungiblePositionManager"]

    def put(name: str, types: tuple[str, ...] = (), args: tuple[object, ...] = (), sender: str = OWNER) -> None:
        deploy_to(rpc, CONTRACTS[name], artifacts.init_code(name), types, args, sender)

    deploy_to(rpc, weth, artifacts.weth_init_code())
    put("UniswapV2Factory", ("address",), (UNISWAP_V2_FEE_SETTER,))
    put("UniswapV2Router02", ("address", "address"), (v2, weth))
    put("UniswapV3Factory", sender=UNISWAP_V3_OWNER)
    rpc.send(UNISWAP_V3_OWNER, v3, encode("enableFeeAmount(uint24,int24)", 100, 1))
    put("NonfungiblePositionManager", ("address",) * 3, (v3, weth, "0xEe6A57eC80ea46401049E92587E52f5Ec1c24785"))
    put("SwapRouter02", ("address",) * 4, (v2, v3, position_manager, weth))
    put("QuoterV2", ("address", "address"), (v3, weth))
    rpc.call("anvil_setCode", CONTRACTS["Permit2"], "0x" + artifacts.permit2_runtime().hex())
    rpc.call("anvil_setCode", CONTRACTS["Multicall3"], "0x" + bytes(MULTICALL3_CODE).hex())
    for name in (
        "Safe",
        "SafeL2",
        "SafeProxyFactory",
        "MultiSend",
        "MultiSendCallOnly",
        "CompatibilityFallbackHandler",
    ):
        put(name)


def _tokens(rpc: Rpc) -> None:
    own = artifacts.standins()

    def put(token: str, contract: str, types: tuple[str, ...] = (), args: tuple[object, ...] = ()) -> None:
        deploy_to(rpc, TOKENS[token], bytes.fromhex(own[contract]["bytecode"]), types, args)

    plain = ("string", "string", "uint8")
    for token, name, symbol in (
        ("DAI", "Dai Stablecoin", "DAI"), ("USDS", "USDS Stablecoin", "USDS"), ("SOL", "Wrapped SOL", "SOL"),
        ("SHIB", "SHIBA INU", "SHIB"),
        ("FLOKI", "FLOKI", "FLOKI"), ("SOSO", "SoSoValue", "SOSO"), ("SKY", "SKY Governance Token", "SKY"),
    ):  # fmt: skip
        put(token, "PlainToken", plain, (name, symbol, decimals(token)))
    put("WBTC", "PausableToken", plain, ("Wrapped BTC", "WBTC", 8))
    put("MKR", "MakerLike")
    put("PEPE", "BlocklistToken", ("string", "string"), ("Pepe", "PEPE"))
    put("USDT", "TetherLike")
    put("BNB", "BnbLike")
    savings = ("string", "string", "address", "uint256", "uint256")
    put("sDAI", "SavingsToken", savings, ("Savings Dai", "sDAI", TOKENS["DAI"], 117 * 10**25, 10**18))
    put("sUSDS", "SavingsToken", savings, ("Savings USDS", "sUSDS", TOKENS["USDS"], 107 * 10**25, 15 * 10**17))

    deploy_to(rpc, TOKENS["LINK"], artifacts.init_code("LINK"))
    deploy_to(rpc, TOKENS["COMP"], artifacts.init_code("COMP"), ("address",), (OWNER,))
    deploy_to(
        rpc, TOKENS["CRV"], artifacts.init_code("CRV"), ("string", "string", "uint256"), ("Curve DAO Token", "CRV", 18)
    )
    minting_starts = int(rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16) + 3600
    deploy_to(
        rpc,
        TOKENS["UNI"],
        artifacts.init_code("UNI"),
        ("address", "address", "uint256"),
        (OWNER, OWNER, minting_starts),
    )
    minime = ("address", "address", "uint256", "string", "uint8", "string", "bool")
    deploy_to(
        rpc, TOKENS["LDO"], artifacts.init_code("LDO"), minime, (ZERO, ZERO, 0, "Lido DAO Token", 18, "LDO", True)
    )
    implementation = named("AAVE implementation")
    deploy_to(rpc, implementation, artifacts.init_code("AaveToken"))
    deploy_to(rpc, TOKENS["AAVE"], artifacts.init_code("AAVE"), sender=named("AAVE admin"))
    start = encode("initialize(address,address,address)", OWNER, OWNER, ZERO)
    aave = encode("initialize(address,address,bytes)", implementation, named("AAVE admin"), bytes.fromhex(start[2:]))
    rpc.send(OWNER, TOKENS["AAVE"], aave)
    _usdc(rpc)


def _usdc(rpc: Rpc) -> None:
    deploy_to(rpc, USDC_LIBRARY, artifacts.init_code("SignatureChecker"))
    implementation = artifacts.init_code("FiatTokenV2_2", {"SignatureChecker": USDC_LIBRARY})
    deploy_to(rpc, USDC_IMPLEMENTATION, implementation)
    deploy_to(
        rpc, TOKENS["USDC"], artifacts.init_code("FiatTokenProxy"), ("address",), (USDC_IMPLEMENTATION,), USDC_ADMIN
    )
    signature = "initialize(string,string,string,uint8,address,address,address,address)"
    master = USDC_MASTER
    rpc.send(OWNER, TOKENS["USDC"], encode(signature, "USD Coin", "USDC", "USD", 6, master, master, master, master))
    rpc.send(OWNER, TOKENS["USDC"], encode("initializeV2(string)", "USD Coin"))
    rpc.send(OWNER, TOKENS["USDC"], encode("initializeV2_1(address)", OWNER))
    rpc.send(OWNER, TOKENS["USDC"], encode("initializeV2_2(address[],string)", [], "USDC"))


def _feed(rpc: Rpc, feed: str) -> None:
    source = put_aggregator(rpc, feed, feed_decimals(feed))
    deploy_to(
        rpc, FEEDS[feed], artifacts.init_code("EACAggregatorProxy"), ("address", "address"), (source, ZERO), FEEDS_OWNER
    )
    set_feed(rpc, feed, feed_answer(feed))


def add_pool(rpc: Rpc, pool: UniswapPool) -> None:
    """Creates a pool at the going price with one position of the provider around it."""
    manager = CONTRACTS["NonfungiblePositionManager"]
    token0, token1 = sorted((pool.a, pool.b), key=lambda name: int(TOKENS[name], 16))
    pair = (TOKENS[token0], TOKENS[token1])
    create = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"
    receipt = rpc.call(
        "eth_call",
        {"from": PROVIDER, "to": manager, "data": encode(create, *pair, pool.fee, sqrt_price_x96(token0, token1))},
        "latest",
    )
    address = to_checksum_address("0x" + receipt[-40:])
    rpc.send(PROVIDER, manager, encode(create, *pair, pool.fee, sqrt_price_x96(token0, token1)))
    if (pool.a, pool.b) in OBSERVED:
        rpc.send(PROVIDER, address, encode("increaseObservationCardinalityNext(uint16)", 200))

    amounts = [wei(token, pool.depth) for token in (token0, token1)]
    for token, amount in zip((token0, token1), amounts, strict=True):
        deal(rpc, token, PROVIDER, amount * 2)
        rpc.send(PROVIDER, TOKENS[token], encode("approve(address,uint256)", manager, amount * 2))
    spacing = {100: 1, 500: 10, 3000: 60, 10000: 200}[pool.fee]
    middle = log(sqrt_price_x96(token0, token1) / 2**96) * 2 / log(1.0001)
    reach = log(pool.spread) / log(1.0001)
    low, high = (floor((middle + side) / spacing) * spacing for side in (-reach, reach))
    mint = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
    rpc.send(PROVIDER, manager, encode(mint, (*pair, pool.fee, low, high, *amounts, 0, 0, PROVIDER, NEVER)))
    for token in (token0, token1):
        if token not in ("BNB",):  # it refuses an allowance of zero
            rpc.send(PROVIDER, TOKENS[token], encode("approve(address,uint256)", manager, 0))
