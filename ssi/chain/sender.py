"""Sends transactions of one account and sees them mined: states gas and fees, repeats what got lost, raises the fee of
what is stuck.

The connection may break, the process may be killed, and another program may use the account: a transaction that was
signed is mined at most once, because every attempt has the same nonce.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ssi.chain.evm import Receipt, Reverted, revert_data
from ssi.chain.rpc import RpcError

MOST_GAS = 16_777_216  # of one transaction, on mainnet (EIP-7825)
STUCK = 60  # seconds after which the fee is raised
RAISE = 125  # percent of the last fee; nodes demand 110 at least
MOST_TIP = 2 * 10**9  # wei a gas: what no sender here needs to pass at first
MOST_FEE = 500 * 10**9  # wei a gas: what a stuck transaction is raised to at most, and a keeper begins with at most
SETTLE = 6.0  # seconds that a receipt may lag behind the count of transactions
ATTEMPTS = 6  # of a signature, when another program takes its nonce


class NotSent(Exception):  # noqa: N818 - it says what happened
    """The transaction is not on chain. The message says why."""


class OutOfFunds(NotSent):
    """The account cannot pay for the gas."""


class Overtaken(NotSent):
    """Another transaction of the account was mined with this nonce: what this one was for has to be looked at again."""


class Pending(NotSent):
    """It was sent, and is not mined yet, or the node does not say. `hash` is that of the last attempt."""

    def __init__(self, hash: str, waited: float, why: str | None = None) -> None:
        what = f"was not mined within {waited:.0f} s" if why is None else f"is on its way, and {why}"
        super().__init__(f"transaction {hash} {what}: it may still be mined. Look for it before you do this again")
        self.hash = hash


@dataclass(frozen=True)
class Mined:
    """A transaction that was mined and did not fail."""

    hash: str
    receipt: Receipt


def _require_affordable(most: int) -> None:
    """Raises NotSent above the limit."""
    if most > MOST_FEE:
        raise NotSent(f"a fee of {most / 10**9:.0f} gwei a gas would be needed, and the limit is {MOST_FEE // 10**9}")


class Sender:
    """One account on one node.

    Args:
        rpc: the node.
        account: an Ape account that signs.
        exclusive: nothing else but keepers uses the account. Then a transaction that an earlier run left unmined is
            replaced; otherwise a new one is put behind it.
        unattended: no person has seen the fee, so the limit of a raise is that of the first fee as well.
        patience: seconds until a transaction that is not mined is given up.
        stuck: seconds until its fee is raised.
        settle: seconds that a receipt may be late.
        signed: told the hashes of all that was signed for one nonce, before the last of them is sent.
    """

    def __init__(
        self,
        rpc: Any,
        account: Any,
        *,
        exclusive: bool = False,
        unattended: bool = False,
        patience: float = 600,
        stuck: float = STUCK,
        settle: float = SETTLE,
        signed: Callable[[list[str]], object] = lambda _: None,
    ) -> None:
        self.rpc, self.account, self.address = rpc, account, str(account.address)
        self._exclusive, self._unattended, self._signed = exclusive, unattended, signed
        self._patience, self._stuck, self._settle = patience, stuck, settle
        self.replaced = 0  # times that a fee was raised
        self._chain_id: int | None = None
        self._passed: float | None = None  # when the nonce was first seen to be used

    @property
    def balance(self) -> int:
        """Wei."""
        return int(self.rpc.call("eth_getBalance", self.address, "latest"), 16)

    def fees(self) -> tuple[int, int]:
        """Wei a gas: the most, and the tip in it. Enough for six full blocks in a row."""
        base = int(self.rpc.call("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16)
        tip = min(MOST_TIP, int(self.rpc.call("eth_maxPriorityFeePerGas"), 16))
        return 2 * base + tip, tip

    def estimate(self, to: str | None, data: bytes, value: int = 0) -> int:
        """What it would use now. Raises Reverted when it would fail."""
        call = {"from": self.address, "data": "0x" + data.hex(), "value": hex(value)} | ({"to": to} if to else {})
        try:
            return int(
                self.rpc.call("eth_estimateGas", call, "latest"), 16
            )  # what others have not got mined yet does not count
        except RpcError as error:
            if "insufficient funds" in str(error).lower():
                raise self._poor() from None
            raise Reverted(revert_data(error), "estimate") from None

    def send(
        self, to: str | None, data: bytes, value: int = 0, gas: int | None = None, fees: tuple[int, int] | None = None
    ) -> Mined:
        """Signs, sends and waits.

        Args:
            gas: limit; by default an estimate with a third on top.
            fees: at first, wei a gas, as `fees()` has them.

        Raises:
            Reverted: it would fail, or did.
            OutOfFunds, Overtaken, Pending, NotSent: see there.
        """
        gas = gas or min(MOST_GAS, self.estimate(to, data, value) * 4 // 3)
        most, tip = fees or self.fees()
        if self._unattended:
            _require_affordable(most)
        if self.balance < gas * most + value:
            raise self._poor(gas * most + value)
        for _ in range(ATTEMPTS):
            nonce = self._nonce()
            try:
                return self._mined(nonce, to, data, value, gas, most, tip)
            except _NonceTaken:
                continue
        raise NotSent(
            f"another program sends from {self.address} all the time: give every keeper an account of its own"
        )

    # ------------------------------------------------------------ one nonce

    def _nonce(self) -> int:
        return int(
            self.rpc.call("eth_getTransactionCount", self.address, "latest" if self._exclusive else "pending"), 16
        )

    def _mined(self, nonce: int, to: str | None, data: bytes, value: int, gas: int, most: int, tip: int) -> Mined:
        """Raises _NonceTaken as long as nothing of this was accepted, Overtaken or Pending afterwards."""
        began = time.monotonic()
        hashes: list[str] = []  # what the node has accepted
        attempts: list[str] = []
        try:
            return self._followed(nonce, to, data, value, gas, most, tip, hashes, attempts)
        except (Pending, Overtaken):
            raise
        except OSError as error:
            if attempts:  # also where only the answer was lost
                raise Pending((hashes or attempts)[-1], time.monotonic() - began, str(error)) from None
            raise
        except (NotSent, RpcError) as error:
            if hashes:
                raise Pending(hashes[-1], time.monotonic() - began, str(error)) from None
            raise

    def _followed(
        self, nonce: int, to: str | None, data: bytes, value: int, gas: int, most: int, tip: int, hashes: list[str],
        attempts: list[str],
    ) -> Mined:  # fmt: skip
        """Sends it until it is mined; writes down what the node has accepted, and what was signed."""
        began, self._passed = time.monotonic(), None
        raised = began
        raw = self._sign(nonce, to, data, value, gas, most, tip)
        while True:
            attempts.append(raw.hash)
            self._signed(attempts)
            answer = self._broadcast(raw)
            if answer == "underpriced":
                most, tip = self._more(most, tip)
                raw, raised = self._sign(nonce, to, data, value, gas, most, tip), time.monotonic()
                continue
            if answer == "taken" and not hashes and not self._arrived(raw):
                raise _NonceTaken
            if raw.hash not in hashes:
                hashes.append(raw.hash)
            while time.monotonic() - raised < self._stuck:
                if (mined := self._look(hashes, nonce)) is not None:
                    return mined
                time.sleep(_pause(time.monotonic() - began))
            if time.monotonic() - began > self._patience:
                raise Pending(raw.hash, time.monotonic() - began)
            most, tip = self._more(most, tip)
            raw, raised = self._sign(nonce, to, data, value, gas, most, tip), time.monotonic()
            self.replaced += 1

    def _arrived(self, raw: _Signed) -> bool:
        """Whether the node has had it already: an answer got lost, and it was sent once more."""
        began = time.monotonic()
        while not (
            known := any(self.rpc.call(f"eth_getTransaction{what}", raw.hash) for what in ("ByHash", "Receipt"))
        ):
            if (waited := time.monotonic() - began) > self._settle:
                break
            time.sleep(_pause(waited))
        return known

    def _look(self, hashes: list[str], nonce: int) -> Mined | None:
        for hash in reversed(hashes):
            if found := self.rpc.call("eth_getTransactionReceipt", hash):
                return done(hash, found)
        if int(self.rpc.call("eth_getTransactionCount", self.address, "latest"), 16) <= nonce:
            self._passed = None
        elif self._passed is None:
            self._passed = time.monotonic()
        elif (
            time.monotonic() - self._passed > self._settle
        ):  # receipts may come later than counts, from another machine of the node's
            raise Overtaken(f"another transaction of {self.address} was mined with nonce {nonce}")
        return None

    def _more(self, most: int, tip: int) -> tuple[int, int]:
        """Current fees, and high enough that nodes accept them in place of the last ones."""
        now = self.fees()
        more = max(most * RAISE // 100 + 1, now[0]), max(tip * RAISE // 100 + 1, now[1])
        _require_affordable(more[0])
        return more

    def _sign(self, nonce: int, to: str | None, data: bytes, value: int, gas: int, most: int, tip: int) -> _Signed:
        from ape import networks

        if self._chain_id is None:
            self._chain_id = int(self.rpc.call("eth_chainId"), 16)
        fields = {
            "type": 2,
            "chainId": self._chain_id,
            "sender": self.address,
            "nonce": nonce,
            "data": data,
            "value": value,
        }
        fields |= {"gas": gas, "maxFeePerGas": most, "maxPriorityFeePerGas": tip}
        transaction = networks.provider.network.ecosystem.create_transaction(**fields, **({"to": to} if to else {}))
        signed = self.account.sign_transaction(transaction)
        if signed is None:
            raise NotSent("the signer refused")
        return _Signed("0x" + bytes(signed.txn_hash).hex(), "0x" + bytes(signed.serialize_transaction()).hex())

    def _broadcast(self, raw: _Signed) -> str:
        """ "sent", "taken" where the nonce is used, or "underpriced"."""
        try:
            self.rpc.call("eth_sendRawTransaction", raw.raw)
        except RpcError as error:
            said = str(error).lower()
            if any(words in said for words in ("already known", "already imported", "known transaction")):
                return "sent"
            if "nonce too low" in said or "nonce is too low" in said:
                return "taken"
            if "underpriced" in said or "fee too low" in said:
                return "underpriced"
            if "insufficient funds" in said:
                raise self._poor() from None
            raise NotSent(f"the node refuses the transaction: {error}") from None
        return "sent"

    def _poor(self, needed: int | None = None) -> OutOfFunds:
        more = f", and {needed / 10**18:.6f} may be needed" if needed else ""
        return OutOfFunds(f"{self.address} has {self.balance / 10**18:.6f} ether{more}: send it more")


@dataclass(frozen=True)
class _Signed:
    hash: str
    raw: str


class _NonceTaken(Exception):  # noqa: N818
    pass


def done(hash: str, found: dict[str, Any]) -> Mined:
    """From a node's receipt. Raises Reverted when the transaction failed."""
    if int(found["status"], 16) == 0:
        raise Reverted(b"", f"transaction {hash}")
    return Mined(
        hash,
        Receipt(
            int(found["gasUsed"], 16), found["logs"], int(found["blockNumber"], 16), found.get("contractAddress"), hash
        ),
    )


def _pause(waited: float) -> float:
    """Seconds until the next look: at once at first, for chains that mine at once."""
    return min(2.0, 0.02 + waited / 4)
