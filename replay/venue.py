"""Where the protocol trades: feeds and Uniswap's pools that follow the closes of a market.

Each pool has liquidity at every price, as deep near the price as the miniature mainnet's pools are; an arbitrageur with
endless money trades it to the day's price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

import eth_abi
from eth_utils import to_checksum_address

from forks import control
from forks.addresses import CONTRACTS, FEEDS, POOLS, TOKENS, UniswapPool
from forks.placing import aggregator, encode, named
from ssi.chain.evm import Evm
from ssi.constants import MULTICALL3, NEVER

_D = Context(prec=60)
_Q96 = Decimal(2**96)
_SPACING = {100: 1, 500: 10, 3000: 60, 10000: 200}
_LAST_TICK = 887_272
# A position from half to twice the price is so much deeper than one everywhere.
_DEEPER = Decimal("3.414")
_TOKEN_OF = {"BTC": "WBTC", "ETH": "WETH"}
DOLLARS = ("USDC", "USDT", "DAI", "USDS")
_MORE = 50  # times what a pool has, that the arbitrageur has

ARBITRAGEUR, MAKER = named("arbitrageur of a replay"), named("market maker of a replay")


@dataclass(frozen=True)
class _Traded:
    """A pool, by names; `token0` is the one with the lower address."""

    pool: UniswapPool
    address: str
    token0: str
    token1: str


class Venue:
    """Feeds and pools of a fork. `names`: tokens of the market, by their names in `forks.addresses`."""

    def __init__(self, evm: Evm, names: list[str]) -> None:
        self.evm, self.rpc = evm, evm.rpc
        self.names = list(dict.fromkeys([*names, "WETH", "USDC"]))
        self._answers: dict[str, int] = {}
        self.feeds = {
            feed: token
            for feed in FEEDS
            if (token := _TOKEN_OF.get(feed.split("/")[0], feed.split("/")[0])) in (*self.names, *DOLLARS)
        }
        self._decimals = {name: self._ask(TOKENS[name], "decimals()", "uint8") for name in {*self.names, *DOLLARS}}
        self.pools = [self._found(pool) for pool in POOLS if pool.a in self.names and pool.b in self.names]
        self.silent: set[str] = set()
        self.closes: dict[str, Decimal] = {}

    def _ask(self, to: str, call: str, kind: str, *args: object) -> Any:
        data = self.evm.call(to, bytes.fromhex(encode(call, *args)[2:]))
        return eth_abi.decode([kind], data[:32])[0]

    def _found(self, pool: UniswapPool) -> _Traded:
        token0, token1 = sorted((pool.a, pool.b), key=lambda name: int(TOKENS[name], 16))
        factory, ask = CONTRACTS["UniswapV3Factory"], "getPool(address,address,uint24)"
        address = self._ask(factory, ask, "address", TOKENS[token0], TOKENS[token1], pool.fee)
        return _Traded(pool, str(to_checksum_address(address)), token0, token1)

    # ------------------------------------------------------------ at the beginning

    def open(self, closes: Mapping[str, Decimal]) -> None:
        """Gives feeds and pools the closes of the first day, and pools their liquidity."""
        for account in (ARBITRAGEUR, MAKER):
            self.evm.fund(account)
        for feed in self.feeds:
            control.set_feed(self.rpc, feed, control.read_feed(self.rpc, feed)[0])
        self.closes = {**dict.fromkeys(DOLLARS, Decimal(1)), **closes}
        for traded in self.pools:
            self._supply(traded, Decimal("0.01"))  # so that trading finds a price anywhere
            self._trade(traded)
            self._supply(traded, Decimal(1))
        self.answer()

    def _supply(self, traded: _Traded, part: Decimal) -> None:
        manager, width = CONTRACTS["NonfungiblePositionManager"], _SPACING[traded.pool.fee]
        most = _LAST_TICK // width * width
        amounts = []
        for token in (traded.token0, traded.token1):
            usd = Decimal(traded.pool.depth) * _DEEPER * part
            amounts.append(int((usd / self.closes[token]).scaleb(self._decimals[token])))
            self._give(token, MAKER, 2 * amounts[-1], manager)
        pair = (TOKENS[traded.token0], TOKENS[traded.token1], traded.pool.fee)
        mint = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
        self.rpc.send(MAKER, manager, encode(mint, (*pair, -most, most, *amounts, 0, 0, MAKER, NEVER)))

    def _give(self, token: str, account: str, amount: int, spender: str) -> None:
        control.deal(self.rpc, token, account, amount)
        allowed = self._ask(TOKENS[token], "allowance(address,address)", "uint256", account, spender)
        if allowed < amount:
            most = 2**95 if token in ("UNI", "COMP") else 2**250
            self.rpc.send(account, TOKENS[token], encode("approve(address,uint256)", spender, most))

    # ------------------------------------------------------------ day by day

    def move(self, closes: Mapping[str, Decimal | None]) -> None:
        """Feeds and pools go to these closes; a token without one is silent, and its pools stay."""
        self.silent = {name for name, close in closes.items() if close is None}
        self.closes |= {name: close for name, close in closes.items() if close is not None}
        for traded in self.pools:
            if not {traded.token0, traded.token1} & self.silent:
                self._trade(traded)
        self.answer(rounds=2)

    def _trade(self, traded: _Traded) -> None:
        wanted = self._root(traded)
        for _ in range(8):
            now = self._ask(traded.address, "slot0()", "uint160")
            # Closer than a hundredth of a basis point, the fee keeps the arbitrageur at home.
            if abs(Decimal(now) / wanted - 1) < Decimal("0.0000005"):
                return
            sold, bought = (traded.token1, traded.token0) if now < wanted else (traded.token0, traded.token1)
            router = CONTRACTS["SwapRouter02"]
            amount = control.balance_of(self.rpc, sold, ARBITRAGEUR)
            enough = control.balance_of(self.rpc, sold, traded.address)
            if amount < 2 * enough:
                amount = enough * (3 if sold == "AAVE" else _MORE)
                self._give(sold, ARBITRAGEUR, amount, router)
            order = (TOKENS[sold], TOKENS[bought], traded.pool.fee, ARBITRAGEUR, amount, 0, int(wanted))
            swap = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))"
            self.rpc.send(ARBITRAGEUR, router, encode(swap, order))
        raise RuntimeError(f"the pool of {traded.token0} and {traded.token1} does not reach its price")

    def _root(self, traded: _Traded) -> Decimal:
        """The root of token1-wei per token0-wei, times 2^96."""
        ratio = _D.divide(self.closes[traded.token0], self.closes[traded.token1])
        places = self._decimals[traded.token1] - self._decimals[traded.token0]
        return _D.multiply(_D.sqrt(ratio.scaleb(places)), _Q96)

    # ------------------------------------------------------------ feeds

    def answer(self, rounds: int = 1) -> None:
        """Every feed but the silent ones answers now, all in one transaction. Two rounds are a move that stays."""
        now, calls = self.evm.now, []
        for feed, token in self.feeds.items():
            if token in self.silent:
                continue
            quote = feed.split("/")[1]
            price = self.closes[token] / (self.closes["WETH"] if quote == "ETH" else 1)
            answer = int(price.scaleb(18 if quote == "ETH" else 8))
            data = bytes.fromhex(encode("set(int256,uint256)", answer, now)[2:])
            calls += [(aggregator(feed), data)] * (rounds if answer != self._answers.get(feed) else 1)
            self._answers[feed] = answer
        data = bytes.fromhex(encode("aggregate((address,bytes)[])", calls)[2:10])
        self.evm.send(ARBITRAGEUR, MULTICALL3, data + eth_abi.encode(["(address,bytes)[]"], [calls]))

    def wait(self, seconds: int) -> None:
        """Lets time pass, with feeds that keep up."""
        self.evm.mine_at(self.evm.now + seconds)
        self.answer()

    def until(self, time_s: int) -> None:
        """The same, until a moment."""
        if time_s > self.evm.now:
            self.wait(time_s - self.evm.now)
