"""What the contracts refuse, in words for the person it happened to: what is wrong, and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from ssi.amounts import readable

Arguments = Mapping[str, Any]


def _at(time: int) -> str:
    if time > 253_402_300_799:  # what calendars here know
        return "after the year 9999"
    return datetime.fromtimestamp(time, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def _not_matured(a: Arguments) -> str:
    if not a["maturesAt"]:
        return "Its unlock was not requested yet. `ape run unlock` requests it; the cooldown takes 14 days."
    return f"It can be taken out from {_at(a['maturesAt'])}. Wait until then."


# By the name of the contract's error.
WORDS: Mapping[str, str | Callable[[Arguments], str]] = {
    "IndexRouter_Expired": lambda a: (
        f"The order was good until {_at(a['deadline'])}. Run the command again for a fresh quote."
    ),
    "IndexRouter_TooExpensive": (
        "Prices moved, and it would cost more than your limit. Run it again, or allow more with --slippage."
    ),
    "IndexRouter_TooLittle": (
        "Prices moved, and you would get less than your limit. Run it again, or allow more with --slippage."
    ),
    "IndexRouter_TooLittleGas": "The transaction's gas limit is too low for this trade. Run it again.",
    "IndexRouter_NotEnoughLiquidity": (
        "A pool has too little liquidity for this size. Trade less, or use `ape run mint` in kind."
    ),
    "IndexRouter_NoPath": (
        "There is no path of pools for this token. Use ETH, USDC, USDT or DAI, or `ape run mint` in kind."
    ),
    "IndexRouter_UnknownIndex": "This is no index of the protocol. `ape run status` lists them.",
    "IndexRouter_InvalidReceiver": (
        "The receiver would be the router or the index itself, where tokens are lost. Name another with --to."
    ),
    "IndexRouter_NoStakedToken": "This index cannot be staked yet. Buy without --stake.",
    "IndexToken_MintingStopped": lambda a: (
        ("Minting is paused." if a.get("paused") else "This index is closed to new money.")
        + " Selling and redeeming still work."
    ),
    "IndexToken_SupplyCapExceeded": lambda a: (
        f"The supply cap of {readable(a['supplyCap'], 18)} shares is reached. Buy less, or wait until governance"
        " raises it."
    ),
    "IndexToken_Shortfall": (
        "A constituent is short, so that shares cannot be minted now. Selling and redeeming still work."
    ),
    "IndexToken_ShortDelivery": (
        "A constituent delivered less than it was told to, so that the mint was undone. Try later."
    ),
    "IndexToken_MaxAmountExceeded": (
        "A constituent would cost more than its limit. Run the command again for fresh amounts."
    ),
    "IndexToken_MinAmountNotMet": (
        "A constituent would pay less than its limit. Run the command again for fresh amounts."
    ),
    "IndexToken_BasketChanged": (
        "The basket has changed since the quote. Run the command again and look at the new amounts."
    ),
    "IndexToken_Expired": lambda a: f"The order was good until {_at(a['deadline'])}. Run the command again.",
    "IndexToken_NoClaim": "The account has no claim on this token. `ape run portfolio` shows its claims.",
    "IndexToken_ClaimUnbacked": "Nothing of this token is there now. The claim stays: try again later.",
    "IndexToken_ZeroShares": "The amount is zero. Name a larger one.",
    "IndexToken_SharesOutOfRange": "There can never be so many shares. Name fewer.",
    "IndexToken_InsufficientGas": "A transfer failed, perhaps for lack of gas. Run it again.",
    "StakedToken_ZeroAmount": "The amount is worth less than the smallest share. Name a larger one.",
    "StakedToken_ExceedsMaximum": "The vault cannot take so much. Stake less.",
    "StakedToken_ExceedsClaimable": "Less than that has matured. `ape run portfolio` shows when the rest does.",
    "StakedToken_NothingCooling": (
        "No assets are cooling down, so there is nothing to stake again. `ape run withdraw` takes what has matured."
    ),
    "StakedToken_NotAuthorized": "Only the account that staked, or its operator, may do this. Name it with --account.",
    "PointsLedger_AlreadyJoined": "The account has joined already, and its points count. There is nothing to do.",
    "PointsLedger_NotJoined": (
        "The account had not joined when the epoch ended. `ape run join`: the running epoch counts."
    ),
    "PointsLedger_AlreadyRecorded": "These points are recorded already. There is nothing to do.",
    "PointsLedger_OutsideWindow": lambda a: (
        f"This is open from {_at(a['opens'])} to {_at(a['closes'])}. Come back within that time."
    ),
    "PointsLedger_AlreadyClaimed": "The account has claimed this pot already. There is nothing to do.",
    "PointsLedger_NothingToClaim": "This pot owes the account nothing. `ape run portfolio` shows what does.",
    "LpLocker_PoolNotOpen": (
        "Liquidity of this pool cannot be locked, or not any more. Lock it in a pool that governance has listed."
    ),
    "LpLocker_NotFullRange": "Only positions over the full range can be locked. Make one in the same pool.",
    "LpLocker_NotMatured": _not_matured,
    "LpLocker_AlreadyRequested": lambda a: (
        f"Its cooldown runs until {_at(a['maturesAt'])}. Wait, or cancel the request with --cancel."
    ),
    "LpLocker_NothingCooling": ("There is no pending unlock to cancel. `ape run portfolio` shows what is locked."),
    "LpLocker_UnknownPosition": "This position is not locked. `ape run portfolio` shows those that are.",
    "LpLocker_NotAuthorized": "Only the owner, or an operator, may do this. Name the owner with --account.",
    "LpLocker_ExceedsLocked": "Less than that is locked. Name a smaller amount, or all.",
    "LpLocker_ZeroAmount": "There is nothing, or too little to weigh anything. Name a larger amount.",
    "ReferralRegistry_InvalidCode": "A code has 3 to 16 of A to Z and 0 to 9. Spell it so.",
    "ReferralRegistry_CodeTaken": "This code belongs to another account. Choose another one.",
    "ReferralRegistry_AlreadyRegistered": (
        "The account has a code already, and keeps it for ever. `ape run refer show` says which."
    ),
    "ReferralRegistry_UnknownCode": "This code is not registered. Check its spelling.",
    "ReferralRegistry_SelfReferral": "An account cannot refer itself. Use another account's code.",
    "ReferralRegistry_AlreadyBound": "The account is bound to a referrer already. That never changes.",
    "ReferralRegistry_YoungerReferrer": (
        "The account's own code is older than this one. Only an older code can refer it."
    ),
    "ERC20InsufficientBalance": "The account has less than that. Name a smaller amount, or all.",
    "ERC20InsufficientAllowance": "The approval is too small. Run the command again.",
    "PriceOracle_Stale": "A price feed is late. Try again when it has answered.",
}

# Reasons that tokens of others give as text.
_REASONS = (
    (r"exceeds balance|insufficient balance", "The account has less than that. Name a smaller amount, or all."),
    (r"allowance", "The approval is too small. Run the command again."),
    (r"blacklist|blocked", "The token has blocked this account. Use another token or account."),
    (r"\bSTF\b", "The payment could not be taken from the account. Check its balance and approval."),
)


def words(name: str, arguments: Arguments) -> str | None:
    """What to tell a person about an error of this name; None where it has no words here."""
    if name == "Error":
        said = str(arguments.get("message", ""))
        return next((text for pattern, text in _REASONS if re.search(pattern, said, re.IGNORECASE)), None)
    found = WORDS.get(name)
    return found(arguments) if callable(found) else found
