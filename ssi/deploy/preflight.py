"""What a deployment would stand on, read from the chain and held against the parameters, line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum
from itertools import pairwise
from pathlib import Path
from typing import Any

import eth_abi
from eth_utils import function_signature_to_4byte_selector as selector

from ssi.chain.abi import decode
from ssi.chain.rpc import RpcError
from ssi.constants import BLOCK, CREATE2, MULTI_SEND, MULTICALL3, QUOTER, SWAP_ROUTER
from ssi.registry import params

ROUNDS = 24  # of a feed, looked back at
LAZY = 4  # our heartbeat may be so many times the longest silence of a feed
PURCHASES = {1_000: 300, 100_000: 1_000}  # USD: bp that a purchase may lose to pools and their fees
SUPPLIES = 500  # bp that a posted supply may be away from another source
GAS = 120_000_000  # what a whole deployment uses, rounded up; a test compares it


class Verdict(Enum):
    """What a line says of the deployment."""

    FINE = "fine"
    LOOK = "look"  # a person should know
    STOP = "stop"  # nothing should be deployed


@dataclass(frozen=True)
class Line:
    """One thing that was looked at."""

    subject: str
    verdict: Verdict
    said: str


class NoAnswer(Exception):  # noqa: N818 - it says what is wrong
    """A contract reverts, or answers with something that cannot be read."""


class Chain:
    """Reads contracts of others by the signatures of their functions."""

    def __init__(self, rpc: Any) -> None:
        self.rpc = rpc
        self.now = int(rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def ask(self, to: str, function: str, returns: str, *args: Any) -> Any:
        """One value, or a tuple of several. `function` like "getPool(address,address,uint24)"; types of `returns` by
        comma. Raises NoAnswer.
        """
        inputs, outputs = function[function.index("(") + 1 : -1].split(","), returns.split(",")
        data = selector(function) + (eth_abi.encode(inputs, args) if args else b"")
        try:
            said = bytes.fromhex(self.rpc.call("eth_call", {"to": to, "data": "0x" + data.hex()}, "latest")[2:])
            values = decode(outputs, said)
        except (RpcError, eth_abi.exceptions.DecodingError, OverflowError) as error:
            raise NoAnswer(f"{function} gives no answer") from error
        return values[0] if len(outputs) == 1 else values

    def text(self, to: str, function: str) -> str:
        """A string, also where an old token answers with 32 bytes. Raises NoAnswer."""
        try:
            return str(self.ask(to, function, "string"))
        except (NoAnswer, UnicodeDecodeError):
            return bytes(self.ask(to, function, "bytes32")).rstrip(b"\0").decode(errors="replace")

    def code(self, address: str) -> bytes:
        """Empty where there is none."""
        return bytes.fromhex(self.rpc.call("eth_getCode", address, "latest")[2:])


class Preflight:
    """Looks at all of it. Lines come as they are found.

    Args:
        rpc: the node of the chain that the parameters are for.
        supplies: other sources of circulating supplies, whole units by asset, each with a name.
        payer: who would deploy, for their ether.
    """

    def __init__(
        self, rpc: Any, supplies: Sequence[tuple[str, dict[str, Decimal]]] = (), payer: str | None = None
    ) -> None:
        self.chain, self.supplies, self.payer = Chain(rpc), supplies, payer
        self.assets, self.protocol = params.assets(), params.protocol()
        self.indexes, self.posted, self.retired = params.indexes(), params.supplies(), params.retired()

    def lines(self) -> Iterator[Line]:
        """All of them, in the order in which a deployment needs them."""
        yield from self._contracts()
        for name in self.assets.assets:
            yield from self._token(name)
        for name in self.assets.feeds:
            yield from self._feed(name)
        for name, twap in self.assets.twaps.items():
            yield from self._average(name, twap)
        for name in self.assets.assets:
            yield from self._route(name)
        for index in self.indexes:
            for usd, most in PURCHASES.items():
                yield from self._purchase(index, usd, most)
        yield from self._supplies()
        yield from self._retired()
        yield from self._owners()
        yield from self._cost()

    # ------------------------------------------------------------ who is there

    def _contracts(self) -> Iterator[Line]:
        external = self.protocol.contracts.model_dump(by_alias=True)
        for name, address in {
            **external, "multicall3": MULTICALL3, "swapRouter": SWAP_ROUTER, "quoter": QUOTER,
            "multiSend": MULTI_SEND, "create2": CREATE2,
        }.items():  # fmt: skip
            size = len(self.chain.code(address))
            yield _line(name, size > 0, f"{size:,} bytes of code at {address}", f"no code at {address}")

    def _token(self, name: str) -> Iterator[Line]:
        address, subject = self.assets.assets[name].address, f"token {name}"
        if not self.chain.code(address):
            yield Line(subject, Verdict.STOP, f"no code at {address}")
            return
        try:
            symbol, decimals = self.chain.text(address, "symbol()"), self.chain.ask(address, "decimals()", "uint8")
        except NoAnswer as error:
            yield Line(subject, Verdict.STOP, f"{address}: {error}")
            return
        right = symbol.upper() == name.upper() and decimals <= 18
        yield _line(subject, right, f"{symbol}, {decimals} decimals", f"calls itself {symbol}, {decimals} decimals")

    # ------------------------------------------------------------ prices

    def _legs(self) -> Iterator[params.Leg]:
        for asset in self.assets.assets.values():
            yield from asset.price
            yield from asset.second.price if asset.second else ()

    def _feed(self, name: str) -> Iterator[Line]:
        feed, subject = self.assets.feeds[name], f"feed {name}"
        legs = [leg for leg in self._legs() if leg.source == name]
        if not legs:
            yield Line(subject, Verdict.LOOK, "no asset uses it")
        try:
            description = self.chain.ask(feed, "description()", "string")
            decimals = self.chain.ask(feed, "decimals()", "uint8")
            round_, answer, _, updated, _ = self.chain.ask(
                feed, "latestRoundData()", "uint80,int256,uint256,uint256,uint80"
            )
        except NoAnswer as error:
            yield Line(subject, Verdict.STOP, f"{feed}: {error}")
            return
        if description.replace(" ", "").upper() != name.upper():
            yield Line(subject, Verdict.STOP, f"{feed} describes itself as {description}")
            return
        price = Decimal(answer) / 10**decimals
        heartbeat = min((leg.heartbeat for leg in legs), default=0)
        age = self.chain.now - updated
        fresh = answer > 0 and (not heartbeat or age <= heartbeat)
        yield _line(
            subject,
            fresh,
            f"{description}: {price:,f}, {age:,} s old",
            f"{price:,f} is {age:,} s old, of {heartbeat:,}",
        )
        yield from self._heartbeat(subject, feed, round_, heartbeat)
        for least, most in sorted({(leg.min, leg.max) for leg in legs if leg.min is not None and leg.max is not None}):
            yield from self._bounds(subject, feed, (least, most), price, decimals)

    def _heartbeat(self, subject: str, feed: str, latest: int, heartbeat: int) -> Iterator[Line]:
        """The longest silence between the last rounds of a feed; rounds of one phase of its proxy follow each other."""
        times = []
        for number in range(latest, max(latest - ROUNDS, latest >> 64 << 64), -1):
            try:
                at = self.chain.ask(feed, "getRoundData(uint80)", "uint80,int256,uint256,uint256,uint80", number)[3]
            except NoAnswer:
                break
            if not at:
                break
            times.append(at)
        silences = [newer - older for newer, older in pairwise(times)]
        if not silences or not heartbeat:
            yield Line(subject, Verdict.LOOK, f"only {len(times)} rounds can be read: its heartbeat is not known")
            return
        longest, said = max(silences), f"silent for {max(silences):,} s at most, in {len(times)} rounds"
        if longest > heartbeat:
            yield Line(subject, Verdict.STOP, f"{said}: prices would be refused after {heartbeat:,} s")
        elif heartbeat > max(LAZY * longest, 300):
            yield Line(subject, Verdict.LOOK, f"{said}; we wait {heartbeat:,} s before a price is refused")
        else:
            yield Line(subject, Verdict.FINE, said)

    def _bounds(
        self, subject: str, feed: str, ours: tuple[Decimal, Decimal], price: Decimal, decimals: int
    ) -> Iterator[Line]:
        """Ours hold the price, and refuse what the aggregator would clamp to."""
        if not ours[0] < price < ours[1]:
            yield Line(subject, Verdict.STOP, f"{price:,f} is outside our bounds of {ours[0]:,f} and {ours[1]:,f}")
            return
        try:
            aggregator = self.chain.ask(feed, "aggregator()", "address")
            least = Decimal(self.chain.ask(aggregator, "minAnswer()", "int192")) / 10**decimals
            most = Decimal(self.chain.ask(aggregator, "maxAnswer()", "int192")) / 10**decimals
        except NoAnswer:
            yield Line(subject, Verdict.LOOK, "its aggregator tells no bounds of its own")
            return
        trivial = Decimal(1) / 10**decimals
        clamped = (least > trivial and ours[0] <= least) or ours[1] >= most
        yield _line(
            subject,
            not clamped,
            f"our bounds are within the aggregator's of {least:,f} and {most:,f}",
            f"our bounds of {ours[0]:,f} and {ours[1]:,f} accept where the aggregator stops, {least:,f} and {most:,f}",
        )

    def _pool(self, a: str, b: str, fee: int) -> str:
        """Address of a Uniswap v3 pool, zero where there is none."""
        factory = self.protocol.contracts.uniswap_v3_factory
        one, other = self.assets.assets[a].address, self.assets.assets[b].address
        return str(self.chain.ask(factory, "getPool(address,address,uint24)", "address", one, other, fee))

    def _average(self, name: str, twap: params.Twap) -> Iterator[Line]:
        subject = f"average {name}"
        try:
            pool = self._pool(twap.base, twap.quote, twap.fee)
            if int(pool, 16) == 0:
                yield Line(subject, Verdict.STOP, f"there is no pool of {twap.base} and {twap.quote} at {twap.fee}")
                return
            slot0 = self.chain.ask(pool, "slot0()", "uint160,int24,uint16,uint16,uint16,uint8,bool")
            liquidity = self.chain.ask(pool, "liquidity()", "uint128")
        except NoAnswer as error:
            yield Line(subject, Verdict.STOP, str(error))
            return
        needed, kept, paid = twap.window // BLOCK + 1, slot0[3], slot0[4]
        if not liquidity:
            yield Line(subject, Verdict.STOP, f"the pool {pool} has no liquidity at its price")
        elif kept >= needed:
            yield Line(subject, Verdict.FINE, f"the pool keeps {kept:,} observations of {needed:,}")
        else:
            more = "are paid for" if paid >= needed else "have to be paid for"
            yield Line(subject, Verdict.STOP, f"the pool {pool} keeps {kept:,} of {needed:,} observations; more {more}")

    # ------------------------------------------------------------ trading

    def _route(self, name: str) -> Iterator[Line]:
        hop, subject = self.assets.assets[name].hop, f"path of {name}"
        if hop is None:
            return
        try:
            pool = self._pool(name, hop.next, hop.fee)
            liquidity = self.chain.ask(pool, "liquidity()", "uint128") if int(pool, 16) else 0
        except NoAnswer as error:
            yield Line(subject, Verdict.STOP, str(error))
            return
        wrong = "has no liquidity at its price" if int(pool, 16) else "does not exist"
        yield _line(
            subject,
            liquidity > 0,
            f"to {hop.next} at {hop.fee / 10_000:g} %",
            f"the pool to {hop.next} at {hop.fee / 10_000:g} % {wrong}",
        )

    def price(self, name: str) -> Decimal:
        """USD a whole token, by the first route, as the oracle multiplies it. Raises NoAnswer."""
        found = Decimal(1)
        for leg in self.assets.assets[name].price:
            if leg.source in self.assets.feeds:
                feed = self.assets.feeds[leg.source]
                answer = self.chain.ask(feed, "latestRoundData()", "uint80,int256,uint256,uint256,uint80")[1]
                found *= Decimal(answer) / 10 ** self.chain.ask(feed, "decimals()", "uint8")
            elif leg.source in self.assets.twaps:
                found *= self._spot(self.assets.twaps[leg.source])
            else:
                vault = self.assets.assets[leg.source].address
                found *= Decimal(self.chain.ask(vault, "convertToAssets(uint256)", "uint256", 10**18)) / 10**18
        return found

    def _spot(self, twap: params.Twap) -> Decimal:
        """Of the pool behind an average; for a look before a deployment that is near enough."""
        pool = self._pool(twap.base, twap.quote, twap.fee)
        root = Decimal(self.chain.ask(pool, "slot0()", "uint160,int24,uint16,uint16,uint16,uint8,bool")[0]) / 2**96
        base, quote = (self.assets.assets[each].address for each in (twap.base, twap.quote))
        raw = root * root if int(base, 16) < int(quote, 16) else 1 / (root * root)
        shift = self.chain.ask(base, "decimals()", "uint8") - self.chain.ask(quote, "decimals()", "uint8")
        return raw * Decimal(10) ** int(shift)

    def _path(self, name: str) -> tuple[list[str], list[int]]:
        """From WETH to an asset: tokens and fees."""
        tokens, fees = [name], []
        while (hop := self.assets.assets[tokens[-1]].hop) is not None and tokens[-1] != "WETH":
            tokens.append(hop.next)
            fees.append(hop.fee)
        return tokens[::-1], fees[::-1]

    def _bought(self, name: str, usd: Decimal) -> Decimal:
        """Whole tokens of an asset that so much USDC buys along the registered paths. Raises NoAnswer."""
        into, fees_in = self._path("USDC")
        out, fees_out = self._path(name)
        tokens, fees = into[::-1] + out[1:], fees_in[::-1] + fees_out
        while len(tokens) > 2 and tokens[0] in tokens[1:]:  # the way back over USDC itself
            again = len(tokens) - 1 - tokens[::-1].index(tokens[0])
            tokens, fees = tokens[again:], fees[again:]
        amount = int(usd * 10**6)
        if len(tokens) == 1:
            return usd
        path = b"".join(
            bytes.fromhex(self.assets.assets[token].address[2:]) + (fee.to_bytes(3, "big") if fee is not None else b"")
            for token, fee in zip(tokens, [*fees, None], strict=True)
        )
        got = self.chain.ask(
            QUOTER, "quoteExactInput(bytes,uint256)", "uint256,uint160[],uint32[],uint256", path, amount
        )[0]
        decimals: int = self.chain.ask(self.assets.assets[name].address, "decimals()", "uint8")
        return Decimal(got) / Decimal(10) ** decimals

    def _purchase(self, index: params.Index, usd: int, most: int) -> Iterator[Line]:
        subject = f"purchase of {index.symbol} for {usd:,} USD"
        worth = Decimal(0)
        for name, bps in index.weights.items():
            try:
                worth += self._bought(name, Decimal(usd) * bps / 10_000) * self.price(name)
            except (NoAnswer, ZeroDivisionError) as error:
                yield Line(subject, Verdict.STOP, f"{name} cannot be bought: {error}")
                return
        lost = int((1 - worth / usd) * 10_000)
        yield _line(subject, lost <= most, f"loses {lost} bp to pools and their fees", f"loses {lost} bp, of {most}")

    # ------------------------------------------------------------ what people say

    def _supplies(self) -> Iterator[Line]:
        for name, supply in self.posted.supplies.items():
            subject, ours = f"supply of {supply.asset}", supply.circulating
            found = [(source, theirs[supply.asset]) for source, theirs in self.supplies if supply.asset in theirs]
            if len(found) < 2:
                yield Line(subject, Verdict.LOOK, f"{ours:,f} for {name} is compared with {len(found)} of 2 sources")
            for source, theirs in found:
                apart = abs(int((theirs / ours - 1) * 10_000))
                yield _line(
                    subject, apart <= SUPPLIES, f"{apart} bp from {source}", f"{apart} bp from {source}: {theirs:,f}"
                )

    def _retired(self) -> Iterator[Line]:
        for name, why in self.retired.tokens.items():
            held = [index.symbol for index in self.indexes if name in index.weights]
            if held:
                yield Line(f"token {name}", Verdict.STOP, f"retired, and {', '.join(held)} would hold it: {why}")
        for name, why in self.retired.feeds.items():
            if any(leg.source == name for leg in self._legs()):
                yield Line(f"feed {name}", Verdict.STOP, f"retired: {why}")

    def _owners(self) -> Iterator[Line]:
        known = _published()
        for name, safe in (("Safe", self.protocol.safe), ("guardian", self.protocol.guardian)):
            public = [owner for owner in safe.owners if owner.lower() in known]
            yield _line(
                f"owners of the {name}",
                not public,
                f"{safe.threshold} of {len(safe.owners)} sign",
                f"the key of {', '.join(public)} is public: it is published for tests",
            )
        yield Line("owners", Verdict.FINE, "the Safe and the guardian have none in common")  # `params` refuses others

    def _cost(self) -> Iterator[Line]:
        price = int(self.chain.rpc.call("eth_gasPrice"), 16)
        ether = Decimal(price * GAS) / 10**18
        said = f"some {GAS / 1e6:,.0f} million gas, {ether:.3f} ether at {price / 1e9:.2f} gwei"
        if self.payer is None:
            yield Line("cost", Verdict.FINE, said)
            return
        held = Decimal(int(self.chain.rpc.call("eth_getBalance", self.payer, "latest"), 16)) / 10**18
        yield _line("cost", held >= ether, said, f"{said}, and {self.payer} has {held:.3f}")


def _line(subject: str, right: bool, fine: str, wrong: str) -> Line:
    return Line(subject, Verdict.FINE, fine) if right else Line(subject, Verdict.STOP, wrong)


def _published() -> set[str]:
    """Addresses of the accounts whose keys development nodes publish."""
    from eth_account import Account

    Account.enable_unaudited_hdwallet_features()
    words = "test test test test test test test test test test test junk"
    return {Account.from_mnemonic(words, account_path=f"m/44'/60'/0'/0/{n}").address.lower() for n in range(20)}


def supplies(path: Path) -> tuple[str, dict[str, Decimal]]:
    """A source of supplies: JSON, whole units by asset. Raises ValueError."""
    found = json.loads(path.read_text())
    if not isinstance(found, dict) or not found:
        raise ValueError(f'{path} has no supplies: write {{"BTC": "19900000", …}}')
    return path.stem, {asset: _units(asset, amount) for asset, amount in found.items()}


def _units(asset: str, amount: Any) -> Decimal:
    try:
        units = Decimal(str(amount))
    except InvalidOperation:
        units = Decimal("NaN")
    if not units.is_finite() or units < 0:
        raise ValueError(f"{amount!r} is no supply of {asset}")
    return units
