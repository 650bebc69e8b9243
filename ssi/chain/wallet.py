"""An account on a node: what it holds, how it pays, what it signs and sends."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, IntEnum
from functools import cached_property
from typing import Any

from ssi.chain import permits
from ssi.chain.evm import Deployed, Evm, Method, Reverted
from ssi.chain.sender import Mined, NotSent, Sender
from ssi.constants import PERMIT2


class PermissionKind(IntEnum):
    """As `IIndexRouter.Permission` counts."""

    ALLOWANCE, PERMIT, PERMIT2 = range(3)


class Way(Enum):
    """How a contract gets at a payer's tokens, the least troublesome first."""

    ETHER = "ether comes along"
    ALLOWED = "an approval that is there already"
    PERMIT = "a permit: a signature, no approval"
    PERMIT2 = "Permit2: a signature, no approval"
    APPROVAL = "an approval of this amount first"


@dataclass(frozen=True)
class Permission:
    """What a payer gives along: `data` as the kind wants them."""

    kind: PermissionKind = PermissionKind.ALLOWANCE
    data: bytes = b""


class Wallet:
    """What a client acts with.

    Args:
        account: an Ape account, which may be locked until it has to sign; or an address, for which a fork's node sends
            and which signs nothing.
        signed: told the hashes of what was signed, before it is sent.
        sender: what sends, where that is more than one transaction's errand: a keeper's, which says for itself how
            long it waits, and whom it tells.
    """

    def __init__(
        self,
        evm: Evm,
        account: Any,
        signed: Callable[[list[str]], object] = lambda _: None,
        sender: Sender | None = None,
    ) -> None:
        self.evm, self.account, self.signed, self.sender = evm, account, signed, sender
        self.address = str(account if isinstance(account, str) else account.address)

    @property
    def signs(self) -> bool:
        """Whether it can make signatures; an address alone cannot."""
        return not isinstance(self.account, str)

    @cached_property
    def chain_id(self) -> int:
        return int(self.evm.rpc.call("eth_chainId"), 16)

    @property
    def ether_wei(self) -> int:
        """What it holds."""
        return int(self.evm.rpc.call("eth_getBalance", self.address, "latest"), 16)

    def gas_reserve_wei(self, gas: int) -> int:
        """Ether that so much gas may cost at most within the next blocks."""
        return gas * Sender(self.evm.rpc, _Reader(self.address)).fees()[0]

    # ------------------------------------------------------------ paying

    def way(
        self,
        token: Deployed | None,
        spender: str,
        amount: int,
        *,
        permits_taken: bool = True,
        permit2_taken: bool = False,
    ) -> Way:
        """How `spender` can get `amount` token-wei; None stands for ether.

        Args:
            permits_taken: whether what is called takes EIP-2612 permits.
            permit2_taken: whether it takes Permit2 transfers.
        """
        if token is None:
            return Way.ETHER
        given, to_permit2 = self.evm.batch(
            [(token.allowance, (self.address, spender)), (token.allowance, (self.address, PERMIT2))]
        )
        if given >= amount:
            return Way.ALLOWED
        if self.signs and permits_taken and permits.domain_of(token, self.chain_id) is not None:
            return Way.PERMIT
        if self.signs and permit2_taken and to_permit2 >= amount:
            return Way.PERMIT2
        return Way.APPROVAL

    def permission(self, way: Way, token: Deployed | None, spender: str, amount: int, deadline: int) -> Permission:
        """Signs a permit, or sends an approval, as `way` says. Raises NotSent and Reverted."""
        if token is None or way in (Way.ETHER, Way.ALLOWED):
            return Permission()
        if way is Way.PERMIT:
            domain = permits.domain_of(token, self.chain_id)
            if domain is None:
                raise NotSent(f"{token.address} takes no permits")
            nonce = int(Method(token, permits.NONCES).call(self.address))
            data = permits.permit(self.account, token.address, domain, spender, amount, nonce, deadline, self.chain_id)
            return Permission(PermissionKind.PERMIT, data)
        if way is Way.PERMIT2:
            # Its nonces have no order: a random one of 256 bits is as good as unused.
            nonce = secrets.randbits(256)
            return Permission(
                PermissionKind.PERMIT2,
                permits.permit2(self.account, token.address, spender, amount, nonce, deadline, self.chain_id),
            )
        self.approve(token, spender, amount)
        return Permission()

    def approve(self, token: Deployed, spender: str, amount: int) -> None:
        """Lets `spender` take `amount` token-wei and no more; nothing where it may already."""
        given = int(token.allowance(self.address, spender))
        if given >= amount:
            return
        if given and not self._takes(token, spender, amount):
            self.send(token.approve, spender, 0)
        self.send(token.approve, spender, amount)

    def _takes(self, token: Deployed, spender: str, amount: int) -> bool:
        """Whether a token changes an approval into another. USDT wants zero in between; BNB takes no zero."""
        try:
            self.evm.call(token.address, token.approve.encode(spender, amount), sender=self.address)
        except Reverted:
            return False
        return True

    # ------------------------------------------------------------ sending

    def check(self, method: Method, *args: Any, value: int = 0) -> Any:
        """What it would return if it were sent now. Raises Reverted with the exact bytes."""
        return method.call(*args, sender=self.address, value=value)

    def send(
        self, method: Method, *args: Any, value: int = 0, gas: int | None = None, fees: tuple[int, int] | None = None
    ) -> Mined:
        """Signs, sends and waits. Raises Reverted with the exact bytes where it would fail, and NotSent.

        Args:
            gas: limit; by an estimate unless told. fees: wei a gas, as `Sender.fees` has them.
        """
        data, to = method.encode(*args), method.contract.address
        if not self.signs:
            receipt = self.evm.send(self.address, to, data, value, method.entry.signature)
            return Mined(receipt.hash, receipt)
        sender = self.sender or Sender(self.evm.rpc, self.account, signed=self.signed)
        return sender.send(to, data, value=value, gas=gas, fees=fees)


@dataclass(frozen=True)
class _Reader:
    address: str
