"""An index for holders: what it holds and costs, and buying, selling, minting, redeeming and claiming.

Figures are integers in the smallest unit, as the contracts have them: `_wei` is token-wei or share-wei, `_d18` has 18
decimals, `_bps` are basis points. Every quote and every read is of one block, which it names. The arithmetic is in
`docs/index-math.md` and `docs/router.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_utils import to_checksum_address

from ssi.chain.evm import Deployed
from ssi.chain.logs import LogReader
from ssi.chain.sender import Mined
from ssi.chain.wallet import Way
from ssi.constants import BPS, MAX
from ssi.failure import Impossible, Misused
from ssi.index.bounds import bounds
from ssi.indexer import past
from ssi.indexer.client import understood
from ssi.registry.holder import ETHER, PATIENCE, Holder, Token

SLIPPAGE_BPS = 50
NO_CODE = bytes(32)


@dataclass(frozen=True)
class Quote:
    """A purchase or a sale as the router would make it after `block`.

    Args:
        pays_wei: what goes out of the account, of `pays`.
        gets_wei: what comes in, of `gets`.
        fixed: which of both stays as it is when prices move: "pays" or "gets".
        budget_wei: of a purchase for an exact amount, that amount; `pays_wei` is a little less.
        pays_usd_d18: at the oracle's price; None where it has none.
        gets_usd_d18: at the oracle's price; None where it has none.
    """

    side: str
    index: Token
    pays: Token
    gets: Token
    pays_wei: int
    gets_wei: int
    fixed: str
    budget_wei: int
    pays_usd_d18: int | None
    gets_usd_d18: int | None
    block: int

    @property
    def difference_bps(self) -> float | None:
        """How much more comes in than goes out, in dollars, bp of what goes out: below zero is what pools, fees and
        impact take.
        """
        if not self.pays_usd_d18 or self.gets_usd_d18 is None:
            return None
        return (self.gets_usd_d18 - self.pays_usd_d18) * BPS / self.pays_usd_d18

    def limit_wei(self, slippage_bps: int = SLIPPAGE_BPS) -> int:
        """The worst that may happen: the most that is paid where `gets` is fixed, else the least that comes in."""
        if self.fixed == "gets":
            return -(-self.pays_wei * (BPS + slippage_bps) // BPS)
        return self.gets_wei * (BPS - slippage_bps) // BPS


@dataclass(frozen=True)
class Traded:
    """What a purchase or a sale did. `staked_wei` {share of the staked token} where what was bought was
    staked at once.
    """

    transaction: str
    paid_wei: int
    received_wei: int
    staked_wei: int | None = None
    unsold: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class ConstituentAmount:
    """So much of one constituent."""

    token: Token
    wei: int
    usd_d18: int | None


@dataclass(frozen=True)
class KindQuote:
    """What a mint or a redemption in kind moves after `block`: parts in the basket's order."""

    index: Token
    shares_wei: int
    parts: tuple[ConstituentAmount, ...]
    shares_usd_d18: int | None
    block: int


@dataclass(frozen=True)
class InKind:
    """What a mint or a redemption in kind moved. `segregated` became claims, because their transfers failed."""

    transaction: str
    shares_wei: int
    parts: tuple[ConstituentAmount, ...]
    segregated: tuple[ConstituentAmount, ...] = ()


@dataclass(frozen=True)
class Claim:
    """What an account may claim of a constituent: `wei` before and `pays_wei` after its part of a loss; None where that
    cannot be read.
    """

    index: str
    token: Token
    wei: int
    pays_wei: int | None


@dataclass(frozen=True)
class Claimed:
    """A claim that was paid."""

    transaction: str
    token: Token
    wei: int


class IndexClient:
    """One index of a deployment, as one account sees it. Made by `Protocol.index`."""

    def __init__(self, holder: Holder, symbol: str) -> None:
        self.holder, self.symbol = holder, symbol
        self.contract: Deployed = holder.system.index(symbol)
        self.token = Token(symbol, self.contract.address, 18)

    # ------------------------------------------------------------ quotes

    def quote_buy(
        self, token: str | Token, *, shares_wei: int | None = None, amount_in_wei: int | None = None
    ) -> Quote:
        """What exactly `shares_wei` cost in `token`, or what `amount_in_wei` of it buys; one of both.

        To the wei what the router does.

        Raises:
            Misused: not one of both is given.
            Reverted: the router's or the index's errors (NotEnoughLiquidity, NoPath, MintingStopped,
                SupplyCapExceeded).
        """
        paid, router, block = self._token(token), self.holder.system.router, self.holder.system.evm.block
        if (shares_wei is None) == (amount_in_wei is None):
            raise Misused("Say shares_wei or amount_in_wei.")
        if shares_wei is not None:
            cost = self._ask(router.quoteBuy, paid, shares_wei, block)
            return self._quote("buy", paid, self.token, cost, shares_wei, "gets", cost, block)
        assert amount_in_wei is not None
        shares, cost = self._ask(router.quoteBuyExactInput, paid, amount_in_wei, block)
        if not shares:
            raise Impossible(f"{paid.amount(amount_in_wei)} do not buy the smallest part of a share of {self.symbol}.")
        return self._quote("buy", paid, self.token, cost, shares, "pays", amount_in_wei, block)

    def quote_sell(
        self, token: str | Token, *, shares_wei: int | None = None, amount_out_wei: int | None = None
    ) -> Quote:
        """What exactly `shares_wei` bring in `token`, or how many shares bring `amount_out_wei` of it; one of both.

        Shares for an exact amount are found over quotes, nearly the fewest; the sale itself sells as few as surely
        suffice.

        Raises:
            Misused: not one of both is given.
            Impossible: the whole supply does not bring as much.
            Reverted: the router's errors.
        """
        wanted, router, block = self._token(token), self.holder.system.router, self.holder.system.evm.block
        if (shares_wei is None) == (amount_out_wei is None):
            raise Misused("Say shares_wei or amount_out_wei.")
        if shares_wei is not None:
            out = self._ask(router.quoteSell, wanted, shares_wei, block)
            return self._quote("sell", self.token, wanted, shares_wei, out, "pays", shares_wei, block)
        assert amount_out_wei is not None
        shares = self._shares_that_bring(wanted, amount_out_wei, block)
        return self._quote("sell", self.token, wanted, shares, amount_out_wei, "gets", shares, block)

    def _shares_that_bring(self, wanted: Token, amount_wei: int, block: int) -> int:
        """The fewest shares, nearly, that bring as much.

        A part of a sale brings at least that part of the proceeds, so scaling comes nearer from above, and fast.
        """
        router, most = self.holder.system.router, int(self.contract.totalSupply())

        def bring(shares: int) -> int:
            return int(self._ask(router.quoteSell, wanted, shares, block))

        shares = min(most, 10**18)
        while (out := bring(shares)) < amount_wei:
            if shares == most:
                raise Impossible(f"Even all shares of {self.symbol} bring only {wanted.amount(out)}.")
            shares = min(most, max(2 * shares, shares * amount_wei // max(1, out)))
        slack = 10**6  # a part in so many, for what whole token-wei round away
        while slack:
            near = shares * amount_wei // out
            near += near // slack + 1
            if near >= shares:
                break
            if (found := bring(near)) >= amount_wei:
                shares, out = near, found
            else:
                slack //= 10
        return shares

    def _ask(self, method: Any, token: Token, amount: int, block: int) -> Any:
        evm = self.holder.system.evm
        data = method.encode(self.contract.address, token.address, amount)
        return method.entry.decode(evm.call(method.contract.address, data, where=method.entry.name, block=block))

    def _quote(
        self, side: str, pays: Token, gets: Token, out: int, into: int, fixed: str, budget: int, block: int
    ) -> Quote:
        worth = [self.holder.value_usd_d18(token, wei, block) for token, wei in ((pays, out), (gets, into))]
        return Quote(side, self.token, pays, gets, out, into, fixed, budget, worth[0], worth[1], block)

    def _token(self, token: str | Token) -> Token:
        return self.holder.token(token) if isinstance(token, str) else token

    # ------------------------------------------------------------ trades

    def way(self, quote: Quote, slippage_bps: int = SLIPPAGE_BPS) -> Way:
        """How the router will get at what is paid. Raises Impossible where the account has less of it."""
        token = None if quote.pays == ETHER else self.holder.erc20(quote.pays)
        router, spends = self.holder.system.router.address, self.spends_wei(quote, slippage_bps)
        return self.holder.account.way(token, router, spends, permit2_taken=quote.side == "buy")

    def spends_wei(self, quote: Quote, slippage_bps: int = SLIPPAGE_BPS) -> int:
        """The most that can leave the account: what the limit allows, and no more than it has.

        Raises Impossible if that is not enough.
        """
        needed = quote.budget_wei if quote.fixed == "pays" else quote.pays_wei
        self.holder.require(quote.pays, needed)
        if quote.fixed == "pays":
            return needed
        return max(needed, min(quote.limit_wei(slippage_bps), self.holder.spendable_wei(quote.pays)))

    def buy(
        self, quote: Quote, *, slippage_bps: int = SLIPPAGE_BPS, receiver: str | None = None, stake: bool = False,
        referral_code: bytes = NO_CODE, patience_s: int = PATIENCE,
    ) -> Traded:  # fmt: skip
        """Buys what `quote_buy` said.

        Args:
            slippage_bps: by how much prices may move against it.
            stake: whether the receiver gets shares of the staked token instead.
            patience_s: until when it may happen, from now.

        Raises:
            Impossible: the account has too little.
            Reverted: TooExpensive, TooLittle, Expired and as `quote_buy`.
            NotSent: it was not mined.
        """
        router, account = self.holder.system.router, self.holder.account
        spends = self.spends_wei(quote, slippage_bps)
        trade = self._trade(quote, quote.pays, spends, receiver, stake, referral_code, patience_s)
        value = spends if quote.pays == ETHER else 0
        if quote.fixed == "gets":
            mined = account.send(router.buy, trade, quote.gets_wei, spends, value=value)
        else:
            mined = account.send(
                router.buyExactInput, trade, spends, quote.gets_wei, quote.limit_wei(slippage_bps), value=value
            )
        bought = mined.receipt.events(router, "Bought")[0].values
        staked = [event.values["stakedShares"] for event in mined.receipt.events(router, "Staked")]
        return Traded(mined.hash, bought["amountIn"], bought["shares"], staked[0] if staked else None)

    def sell(
        self, quote: Quote, *, slippage_bps: int = SLIPPAGE_BPS, receiver: str | None = None, patience_s: int = PATIENCE
    ) -> Traded:
        """Sells what `quote_sell` said. `unsold` has constituents that could not be sold and came as they are.

        Raises as `buy` does.
        """
        router, account = self.holder.system.router, self.holder.account
        spends = self.spends_wei(quote, slippage_bps)
        trade = self._trade(quote, quote.gets, spends, receiver, False, NO_CODE, patience_s)
        if quote.fixed == "pays":
            mined = account.send(router.sell, trade, quote.pays_wei, quote.limit_wei(slippage_bps))
        else:
            mined = account.send(router.sellExactOutput, trade, quote.gets_wei, spends)
        sold = mined.receipt.events(router, "Sold")[0].values
        unsold = tuple(
            (event.values["token"], event.values["amount"]) for event in mined.receipt.events(router, "Unsold")
        )
        return Traded(mined.hash, sold["shares"], sold["amountOut"], None, unsold)

    def _trade(
        self, quote: Quote, token: Token, spends: int, receiver: str | None, stake: bool, code: bytes, patience_s: int
    ) -> tuple[Any, ...]:  # fmt: skip
        """`IIndexRouter.Trade`, with a permit or after an approval of `spends`."""
        account, router = self.holder.account, self.holder.system.router.address
        paid = None if quote.pays == ETHER else self.holder.erc20(quote.pays)
        way = account.way(paid, router, spends, permit2_taken=quote.side == "buy")
        deadline = self.holder.system.evm.now + patience_s
        given = account.permission(way, paid, router, spends, deadline)
        return (
            self.token.address,
            token.address,
            receiver or account.address,
            deadline,
            given.kind,
            given.data,
            stake,
            code,
        )

    # ------------------------------------------------------------ in kind

    def quote_mint(self, shares_wei: int) -> KindQuote:
        """What so many shares cost in kind. Amounts round up. Raises Reverted."""
        return self._kind(self.contract.previewMint, shares_wei)

    def quote_redeem(self, shares_wei: int) -> KindQuote:
        """What so many shares pay in kind. Amounts round down. Raises Reverted."""
        return self._kind(self.contract.previewRedeem, shares_wei)

    def _kind(self, preview: Any, shares_wei: int) -> KindQuote:
        system = self.holder.system
        block = system.evm.block
        basket, amounts = system.evm.batch([(self.contract.basket, ()), (preview, (shares_wei,))], block)
        values = system.evm.attempts(
            [(system.oracle.value, pair) for pair in zip(basket.tokens, amounts, strict=True)], block
        )
        tokens = [self.holder.token_at(address) for address in basket.tokens]
        parts = tuple(ConstituentAmount(*part) for part in zip(tokens, amounts, values, strict=True))
        return KindQuote(self.token, shares_wei, parts, self.holder.value_usd_d18(self.token, shares_wei, block), block)

    def most_shares_wei(self) -> int:
        """The most that the account's constituents can mint: {share}, inverse of `previewMint`."""
        account = self.holder.account.address
        tokens = self.contract.basket().tokens
        held = self.holder.system.evm.batch([(self.holder.erc20(token).balanceOf, (account,)) for token in tokens])
        return int(self.holder.system.lens.sharesForAmounts(self.contract.address, held))

    def mint(
        self, quote: KindQuote, *, slippage_bps: int = 10, receiver: str | None = None, patience_s: int = PATIENCE
    ) -> InKind:
        """Mints in kind, after an approval of each constituent that needs one.

        Args:
            slippage_bps: by how much a constituent's amount may have grown.

        Raises:
            Impossible: the account has too little of a constituent.
            Reverted: BasketChanged, MaxAmountExceeded, MintingStopped, SupplyCapExceeded and others of the index.
        """
        account = self.holder.account
        most = [-(-part.wei * (BPS + slippage_bps) // BPS) for part in quote.parts]
        for part, limit in zip(quote.parts, most, strict=True):
            self.holder.require(part.token, part.wei)
            account.approve(self.holder.erc20(part.token), self.contract.address, limit)
        deadline = self.holder.system.evm.now + patience_s
        within = bounds([part.token.address for part in quote.parts], most, deadline)
        mined = account.send(self.contract.mint, quote.shares_wei, receiver or account.address, *within)
        return InKind(mined.hash, quote.shares_wei, self._moved(mined, quote, into=True))

    def redeem(
        self, quote: KindQuote, *, slippage_bps: int = 10, receiver: str | None = None, patience_s: int = PATIENCE
    ) -> InKind:
        """Redeems in kind. What the index cannot transfer becomes a claim, in `segregated`.

        Raises:
            Impossible: the account has too few shares.
            Reverted: BasketChanged, MinAmountNotMet and others of the index.
        """
        account = self.holder.account
        self.holder.require(self.token, quote.shares_wei)
        least = [part.wei * (BPS - slippage_bps) // BPS for part in quote.parts]
        within = bounds([part.token.address for part in quote.parts], least, self.holder.system.evm.now + patience_s)
        mined = account.send(
            self.contract.redeem, quote.shares_wei, receiver or account.address, account.address, *within
        )
        segregated = tuple(
            ConstituentAmount(self.holder.token_at(event.values["token"]), event.values["amount"], None)
            for event in mined.receipt.events(self.contract, "Segregated")
        )
        return InKind(mined.hash, quote.shares_wei, self._moved(mined, quote, into=False), segregated)

    def _moved(self, mined: Mined, quote: KindQuote, into: bool) -> tuple[ConstituentAmount, ...]:
        """What the constituents' own events say came into the index, or left it."""
        parts = []
        for part in quote.parts:
            moved = 0
            for event in mined.receipt.events(self.holder.erc20(part.token), "Transfer"):
                source, target, wei = event.values.values()
                moved += wei if (target if into else source) == self.contract.address else 0
            parts.append(ConstituentAmount(part.token, moved, None))
        return tuple(parts)

    # ------------------------------------------------------------ claims

    def claims(self, account: str | None = None, block: int | None = None) -> tuple[Claim, ...]:
        """What an account, by default this one, may claim of constituents that could not be transferred to it."""
        system, who = self.holder.system, account or self.holder.account.address
        if system.indexer is not None:
            happened = past.happenings(system.indexer, who, "Segregated", self.symbol)
            with understood(system.indexer):
                tokens = list(dict.fromkeys(str(to_checksum_address(each["values"]["token"])) for each in happened))
        else:
            tokens = self._segregated(who)
        if not tokens:
            return ()
        asked: list[tuple[Any, tuple[str, ...]]] = [(self.contract.claimOf, (token, who)) for token in tokens]
        asked += [(system.lens.previewClaim, (self.contract.address, token, who)) for token in tokens]
        answers = system.evm.attempts(asked, block)
        rows = zip(tokens, answers[: len(tokens)], answers[len(tokens) :], strict=True)
        return tuple(Claim(self.symbol, self.holder.token_at(token), wei, pays) for token, wei, pays in rows if wei)

    def _segregated(self, account: str) -> list[str]:
        """Constituents that could once not be transferred to an account, by the node's logs."""
        system = self.holder.system
        topics = [
            "0x" + self.contract.interface["Segregated"].hash.hex(),
            None,
            "0x" + account[2:].lower().rjust(64, "0"),
        ]
        logs = LogReader(system.evm.rpc, self.contract.address, topics, system.record.block or 0).read()
        return list(dict.fromkeys("0x" + log["topics"][1][-40:] for log in logs))

    def claim(self, token: str | Token, *, receiver: str | None = None, least_wei: int = 0) -> Claimed:
        """Takes all of the account's claim on a constituent.

        Raises:
            Reverted: NoClaim, ClaimUnbacked, MinAmountNotMet, errors of the token.
        """
        account, wanted = self.holder.account, self._token(token)
        mined = account.send(self.contract.claim, wanted.address, MAX, receiver or account.address, least_wei)
        return Claimed(mined.hash, wanted, mined.receipt.events(self.contract, "Claimed")[0].values["paid"])
