"""Signatures that spare a transaction: EIP-2612 permits and Permit2 transfers."""

from __future__ import annotations

from typing import Any

import eth_abi
from eth_account import Account

from ssi.constants import PERMIT2


def permit(key: str, token: str, domain: dict[str, Any], spender: str, value: int, nonce: int, deadline: int) -> bytes:
    """An EIP-2612 permit as `IndexRouter` takes it: value, deadline and signature, ABI-encoded.

    Args:
        key: private key of the owner.
        domain: name and version of the token's EIP-712 domain.
        nonce: `nonces(owner)` of the token.
    """
    owner = Account.from_key(key).address
    types = {
        "Permit": [
            {"name": "owner", "type": "address"}, {"name": "spender", "type": "address"}, {"name": "value", "type": "uint256"},
            {"name": "nonce", "type": "uint256"}, {"name": "deadline", "type": "uint256"},
        ]
    }  # fmt: skip
    message = {"owner": owner, "spender": spender, "value": value, "nonce": nonce, "deadline": deadline}
    signed = Account.sign_typed_data(key, {**domain, "chainId": 1, "verifyingContract": token}, types, message)
    encoded: bytes = eth_abi.encode(
        ["uint256", "uint256", "uint8", "bytes32", "bytes32"],
        [value, deadline, signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")],
    )
    return encoded


def permit2(key: str, token: str, spender: str, maximum: int, nonce: int, deadline: int) -> bytes:
    """A Permit2 signature transfer as `IndexRouter` takes it: maximum, nonce, deadline and signature, ABI-encoded."""
    types = {
        "PermitTransferFrom": [
            {"name": "permitted", "type": "TokenPermissions"}, {"name": "spender", "type": "address"},
            {"name": "nonce", "type": "uint256"}, {"name": "deadline", "type": "uint256"},
        ],
        "TokenPermissions": [{"name": "token", "type": "address"}, {"name": "amount", "type": "uint256"}],
    }  # fmt: skip
    message = {"permitted": {"token": token, "amount": maximum}, "spender": spender, "nonce": nonce, "deadline": deadline}
    domain = {"name": "Permit2", "chainId": 1, "verifyingContract": PERMIT2}
    signed = Account.sign_typed_data(key, domain, types, message)
    encoded: bytes = eth_abi.encode(["uint256", "uint256", "uint256", "bytes"], [maximum, nonce, deadline, signed.signature])
    return encoded


def referral(key: str, registry: str, code: bytes, nonce: int, deadline: int, referee: str | None = None) -> bytes:
    """An EIP-712 signature for `ReferralRegistry.bindWithSignature`.

    Args:
        key: private key of the referee, or of who signs for it.
        nonce: `nonces(referee)` of the registry.
        referee: where it is a contract.
    """
    types = {
        "Bind": [
            {"name": "referee", "type": "address"}, {"name": "code", "type": "bytes32"}, {"name": "nonce", "type": "uint256"},
            {"name": "deadline", "type": "uint256"},
        ]
    }  # fmt: skip
    message = {"referee": referee or Account.from_key(key).address, "code": code, "nonce": nonce, "deadline": deadline}
    domain = {"name": "SSI Referrals", "version": "1", "chainId": 1, "verifyingContract": registry}
    signature: bytes = Account.sign_typed_data(key, domain, types, message).signature
    return signature
