"""Levers for tests and demonstrations on a fork, of the miniature or of the real mainnet; only `pause` needs a
stand-in.
"""

from __future__ import annotations

import eth_abi
from eth_utils import to_checksum_address

from forks.addresses import CONTRACTS, FEEDS, POOLS, TOKENS
from forks.placing import OWNER, PROVIDER, aggregator, encode, put_aggregator
from ssi.chain.rpc import Rpc


def is_miniature(rpc: Rpc) -> bool:
    """True where the chain was built here: its liquidity comes from our provider."""
    return int(rpc.call("eth_getTransactionCount", PROVIDER, "latest"), 16) > 0


def _read(rpc: Rpc, to: str, call: str) -> bytes:
    return bytes.fromhex(rpc.call("eth_call", {"to": to, "data": encode(call)}, "latest")[2:])


def _address_at(rpc: Rpc, to: str, call: str, *args: object) -> str:
    data = rpc.call("eth_call", {"to": to, "data": encode(call, *args)}, "latest")
    return str(to_checksum_address("0x" + data[-40:]))


def _address(rpc: Rpc, to: str, call: str) -> str:
    return str(to_checksum_address(_read(rpc, to, call)[-20:]))


def balance_of(rpc: Rpc, token: str, holder: str) -> int:
    """Token-wei. `token` is a name of `TOKENS` or an address."""
    return int(
        rpc.call("eth_call", {"to": TOKENS.get(token, token), "data": encode("balanceOf(address)", holder)}, "latest"),
        16,
    )


def deal(rpc: Rpc, token: str, holder: str, amount: int) -> None:
    """Makes a holder's balance at least `amount` token-wei.

    Raises:
        RuntimeError: the node could not find the balance's slot.
    """
    held = balance_of(rpc, token, holder)
    if held >= amount:
        return
    if token == "WETH":
        rpc.call("anvil_setBalance", holder, hex(amount - held + 10**24))
        rpc.send(holder, TOKENS["WETH"], encode("deposit()"), amount - held)
    elif token in TOKENS and not is_miniature(rpc):
        buy(rpc, token, holder, amount - held)
    elif token == "LDO":  # MiniMe keeps a history instead of a balance
        rpc.send(OWNER, TOKENS["LDO"], encode("generateTokens(address,uint256)", holder, amount - held))
    elif token == "AAVE":  # its slots lie behind a proxy
        rpc.send(OWNER, TOKENS["AAVE"], encode("transfer(address,uint256)", holder, amount - held))
    else:
        rpc.call("anvil_dealERC20", holder, TOKENS.get(token, token), hex(amount))
    if balance_of(rpc, token, holder) < amount:
        raise RuntimeError(f"could not give {holder} {amount} of {token}")


def buy(rpc: Rpc, token: str, holder: str, amount: int) -> None:
    """Buys exactly `amount` token-wei with ether on Uniswap v3, over the first pools of `POOLS` that lead there.

    Raises:
        RpcError: there is not enough liquidity.
    """
    path, at = bytes.fromhex(TOKENS[token][2:]), token
    while at != "WETH":
        pool = min((pool for pool in POOLS if at in (pool.a, pool.b)), key=lambda pool: "WETH" not in (pool.a, pool.b))
        at = pool.b if at == pool.a else pool.a
        path += pool.fee.to_bytes(3, "big") + bytes.fromhex(TOKENS[at][2:])
    spend = 10**23
    rpc.call("anvil_setBalance", holder, hex(2 * spend))
    order = (path, holder, amount, spend)
    rpc.send(holder, CONTRACTS["SwapRouter02"], encode("exactOutput((bytes,address,uint256,uint256))", order), spend)
    rpc.call("anvil_setBalance", holder, hex(10**24))


def set_feed(rpc: Rpc, feed: str, answer: int, updated_at: int | None = None, rounds: int = 2) -> None:
    """Sets what a feed such as "ETH/USD" answers, by default as of the latest block.

    Two rounds say the same, as of a market that has moved and stays there; a single one far from the last is a wild
    one. The first time its proxy is given an aggregator of ours.
    """
    proxy, ours = FEEDS[feed], aggregator(feed)
    if _address(rpc, proxy, "aggregator()") != ours:
        put_aggregator(rpc, feed, int.from_bytes(_read(rpc, proxy, "decimals()"), "big"))
        owner = _address(rpc, proxy, "owner()")
        rpc.call("anvil_setBalance", owner, hex(10**20))
        for step in ("proposeAggregator(address)", "confirmAggregator(address)"):
            rpc.send(owner, proxy, encode(step, ours))
    if updated_at is None:
        updated_at = int(rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    for _ in range(rounds):
        rpc.send(OWNER, ours, encode("set(int256,uint256)", answer, updated_at))


def read_feed(rpc: Rpc, feed: str) -> tuple[int, int]:
    """The answer of a feed, and when it was given."""
    data = rpc.call("eth_call", {"to": FEEDS[feed], "data": encode("latestRoundData()")}, "latest")
    _, answer, _, updated_at, _ = eth_abi.decode(
        ["uint80", "int256", "uint256", "uint256", "uint80"], bytes.fromhex(data[2:])
    )
    return answer, updated_at


def move_price(rpc: Rpc, token: str, factor: float) -> None:
    """Multiplies the price of a token with a feed in USD, in the feed and, by trading, in its pools with WETH."""
    answer, _ = read_feed(rpc, f"{token}/USD")
    set_feed(rpc, f"{token}/USD", int(answer * factor))
    trader, spend = PROVIDER, 10**23
    for pool in POOLS:
        if {pool.a, pool.b} != {token, "WETH"}:
            continue
        pair = (TOKENS[token], TOKENS["WETH"], pool.fee)
        address = _address_at(rpc, CONTRACTS["UniswapV3Factory"], "getPool(address,address,uint24)", *pair)
        root = int.from_bytes(_read(rpc, address, "slot0()")[:32], "big")
        token_is_0 = int(TOKENS[token], 16) < int(TOKENS["WETH"], 16)
        wanted = int(root * (factor if token_is_0 else 1 / factor) ** 0.5)
        sold, bought = ("WETH", token) if factor > 1 else (token, "WETH")
        deal(rpc, sold, trader, spend if sold == "WETH" else balance_of(rpc, token, address) * 4)
        amount = balance_of(rpc, sold, trader)
        rpc.send(trader, TOKENS[sold], encode("approve(address,uint256)", CONTRACTS["SwapRouter02"], amount))
        order = (TOKENS[sold], TOKENS[bought], pool.fee, trader, amount, 0, wanted)
        swap = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))"
        rpc.send(trader, CONTRACTS["SwapRouter02"], encode(swap, order))


def refresh_feeds(rpc: Rpc) -> None:
    """All feeds answer anew what they answer."""
    for feed in FEEDS:
        set_feed(rpc, feed, read_feed(rpc, feed)[0], rounds=1)


def warp(rpc: Rpc, seconds: int) -> None:
    """Lets time pass, with feeds that keep up."""
    now = int(rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    rpc.call("evm_setNextBlockTimestamp", hex(now + seconds))
    rpc.call("evm_mine")
    refresh_feeds(rpc)


def freeze(rpc: Rpc, token: str, account: str, frozen: bool = True) -> None:
    """Blocks an account of USDC, USDT or PEPE, or lets it go, as the account that may do so."""
    if token == "USDC":
        who, signature = "blacklister()", "blacklist(address)" if frozen else "unBlacklist(address)"
    elif token == "USDT":
        who, signature = "owner()", "addBlackList(address)" if frozen else "removeBlackList(address)"
    else:
        who, signature = "owner()", "blacklist(address,bool)"
    owner = _address(rpc, TOKENS[token], who)
    rpc.call("anvil_setBalance", owner, hex(10**20))
    rpc.send(owner, TOKENS[token], encode(signature, account, *([frozen] if "bool" in signature else [])))


def pause(rpc: Rpc, token: str, paused: bool = True) -> None:
    """Stops WBTC, MKR or USDT, or lets it go."""
    if token == "USDT":
        rpc.send(OWNER, TOKENS[token], encode("pause()" if paused else "unpause()"))
    else:
        rpc.send(OWNER, TOKENS[token], encode("setPaused(bool)", paused))
