"""Referral codes for holders. The rules are in `docs/referral.md`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ssi.constants import ZERO
from ssi.failure import Misused
from ssi.registry.holder import Holder

_CODE = re.compile(r"[A-Z0-9]{3,16}")


def encoded(code: str) -> bytes:
    """A code as contracts have it: ASCII, left-aligned in 32 bytes. Raises Misused where it is none."""
    if not _CODE.fullmatch(code.upper()):
        raise Misused(f"{code!r} is not a valid referral code: codes have 3 to 16 of A to Z and 0 to 9.")
    return code.upper().encode().ljust(32, b"\0")


@dataclass(frozen=True)
class Referral:
    """An account's own code, and who referred it; None where there is none."""

    account: str
    code: str | None
    referrer: str | None
    bound_at_s: int


class ReferralClient:
    """The registry of codes, as one account sees it. Made by `Protocol.referral`."""

    def __init__(self, holder: Holder) -> None:
        self.holder, self.contract = holder, holder.system.referrals

    def of(self, account: str | None = None, block: int | None = None) -> Referral:
        """What an account has, by default this one."""
        who = account or self.holder.account.address
        code, bond = self.holder.system.evm.batch(
            [(self.contract.codeOf, (who,)), (self.contract.referrerOf, (who,))], block
        )
        text = code.rstrip(b"\0").decode()
        return Referral(who, text or None, None if bond.referrer == ZERO else bond.referrer, bond.boundAt)

    def owner_of(self, code: str) -> str | None:
        """The account that registered a code. Raises Misused for an invalid code."""
        owner = str(self.contract.ownerOf(encoded(code)))
        return None if owner == ZERO else owner

    def register(self, code: str) -> str:
        """Makes a code the account's, for ever. The transaction's hash. Raises Reverted: CodeTaken,
        AlreadyRegistered.
        """
        return self.holder.account.send(self.contract.register, encoded(code)).hash

    def bind(self, code: str) -> str:
        """Binds the account to the owner of a code, for ever. The transaction's hash.

        Raises:
            Reverted: UnknownCode, SelfReferral, AlreadyBound, YoungerReferrer.
        """
        return self.holder.account.send(self.contract.bind, encoded(code)).hash
