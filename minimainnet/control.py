"""Levers for tests and demonstrations on a fork. Where the fork is of the real mainnet, feeds and stand-ins' switches are out of reach."""

from __future__ import annotations

import eth_abi

from minimainnet.addresses import FEEDS, TOKENS, USDC_MASTER
from minimainnet.build import OWNER, aggregator, encode
from minimainnet.prices import feed_answer
from minimainnet.rpc import Rpc


def balance_of(rpc: Rpc, token: str, holder: str) -> int:
    """Token-wei. `token` is a name of `TOKENS` or an address."""
    return int(rpc.call("eth_call", {"to": TOKENS.get(token, token), "data": encode("balanceOf(address)", holder)}, "latest"), 16)


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
    elif token == "LDO":  # MiniMe keeps a history instead of a balance
        rpc.send(OWNER, TOKENS["LDO"], encode("generateTokens(address,uint256)", holder, amount - held))
    elif token == "AAVE":  # its slots lie behind a proxy
        rpc.send(OWNER, TOKENS["AAVE"], encode("transfer(address,uint256)", holder, amount - held))
    else:
        rpc.call("anvil_dealERC20", holder, TOKENS.get(token, token), hex(amount))
    if balance_of(rpc, token, holder) < amount:
        raise RuntimeError(f"could not give {holder} {amount} of {token}")


def set_feed(rpc: Rpc, feed: str, answer: int, updated_at: int | None = None) -> None:
    """Sets what a feed such as "ETH/USD" answers, updated in the latest block unless told."""
    if updated_at is None:
        updated_at = int(rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    rpc.send(OWNER, aggregator(feed), encode("set(int256,uint256)", answer, updated_at))


def read_feed(rpc: Rpc, feed: str) -> tuple[int, int]:
    """The answer of a feed, and when it was given."""
    data = rpc.call("eth_call", {"to": FEEDS[feed], "data": encode("latestRoundData()")}, "latest")
    _, answer, _, updated_at, _ = eth_abi.decode(["uint80", "int256", "uint256", "uint256", "uint80"], bytes.fromhex(data[2:]))
    return answer, updated_at


def refresh_feeds(rpc: Rpc) -> None:
    """All feeds answer anew what they answer."""
    for feed in FEEDS:
        set_feed(rpc, feed, read_feed(rpc, feed)[0] or feed_answer(feed))


def warp(rpc: Rpc, seconds: int) -> None:
    """Lets time pass, with feeds that keep up."""
    rpc.call("evm_increaseTime", seconds)
    rpc.call("evm_mine")
    refresh_feeds(rpc)


def freeze(rpc: Rpc, token: str, account: str, frozen: bool = True) -> None:
    """Blocks an account of USDC, USDT or PEPE, or lets it go."""
    if token == "USDC":
        signature = "blacklist(address)" if frozen else "unBlacklist(address)"
        rpc.call("anvil_setBalance", USDC_MASTER, hex(10**20))
        rpc.send(USDC_MASTER, TOKENS[token], encode(signature, account))
    elif token == "USDT":
        rpc.send(OWNER, TOKENS[token], encode("addBlackList(address)" if frozen else "removeBlackList(address)", account))
    else:
        rpc.send(OWNER, TOKENS[token], encode("blacklist(address,bool)", account, frozen))


def pause(rpc: Rpc, token: str, paused: bool = True) -> None:
    """Stops WBTC, MKR or USDT, or lets it go."""
    if token == "USDT":
        rpc.send(OWNER, TOKENS[token], encode("pause()" if paused else "unpause()"))
    else:
        rpc.send(OWNER, TOKENS[token], encode("setPaused(bool)", paused))
