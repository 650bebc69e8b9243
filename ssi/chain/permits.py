"""Signatures that spare a transaction: EIP-2612 permits and Permit2 transfers.

Who signs is a private key, or an Ape account.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import eth_abi
from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_utils import keccak

from ssi.chain.evm import Deployed, Entry, Interface, Method
from ssi.chain.sender import NotSent
from ssi.constants import PERMIT2

_PERMIT = {
    "Permit": [
        {"name": "owner", "type": "address"},
        {"name": "spender", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ]
}
_TYPEHASH = keccak(text="Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)")
# What a token with permits may answer to. Not all of them answer to all of it.
_PROBED = (("name", "string"), ("version", "string"), ("DOMAIN_SEPARATOR", "bytes32"), ("PERMIT_TYPEHASH", "bytes32"))


def permit(
    signer: Any,
    token: str,
    domain: dict[str, Any],
    spender: str,
    value: int,
    nonce: int,
    deadline: int,
    chain_id: int = 1,
) -> bytes:
    """An EIP-2612 permit as `IndexRouter` takes it: value, deadline and signature, ABI-encoded.

    Args:
        domain: name and version of the token's EIP-712 domain.
        nonce: `nonces(owner)` of the token.
    """
    message = {"owner": _address(signer), "spender": spender, "value": value, "nonce": nonce, "deadline": deadline}
    signed = _signed(
        signer, encode_typed_data({**domain, "chainId": chain_id, "verifyingContract": token}, _PERMIT, message)
    )
    encoded: bytes = eth_abi.encode(
        ["uint256", "uint256", "uint8", "bytes32", "bytes32"], [value, deadline, signed[64], signed[:32], signed[32:64]]
    )
    return encoded


def permit2(signer: Any, token: str, spender: str, maximum: int, nonce: int, deadline: int, chain_id: int = 1) -> bytes:
    """A Permit2 signature transfer as `IndexRouter` takes it: maximum, nonce, deadline and signature, ABI-encoded."""
    types = {
        "PermitTransferFrom": [
            {"name": "permitted", "type": "TokenPermissions"}, {"name": "spender", "type": "address"},
            {"name": "nonce", "type": "uint256"}, {"name": "deadline", "type": "uint256"},
        ],
        "TokenPermissions": [{"name": "token", "type": "address"}, {"name": "amount", "type": "uint256"}],
    }  # fmt: skip
    message = {
        "permitted": {"token": token, "amount": maximum},
        "spender": spender,
        "nonce": nonce,
        "deadline": deadline,
    }
    domain = {"name": "Permit2", "chainId": chain_id, "verifyingContract": PERMIT2}
    signature = _signed(signer, encode_typed_data(domain, types, message))
    encoded: bytes = eth_abi.encode(["uint256", "uint256", "uint256", "bytes"], [maximum, nonce, deadline, signature])
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
            {"name": "referee", "type": "address"},
            {"name": "code", "type": "bytes32"},
            {"name": "nonce", "type": "uint256"},
            {"name": "deadline", "type": "uint256"},
        ]
    }
    message = {"referee": referee or _address(key), "code": code, "nonce": nonce, "deadline": deadline}
    domain = {"name": "SSI Referrals", "version": "1", "chainId": 1, "verifyingContract": registry}
    return _signed(key, encode_typed_data(domain, types, message))


def domain_of(token: Deployed, chain_id: int) -> dict[str, Any] | None:
    """Name and version of the EIP-712 domain under which a token takes EIP-2612 permits.

    None where the token takes none, takes another kind (DAI's), or does not say enough to be sure of it.
    """
    probes = Interface(
        "Probe",
        [
            {"type": "function", "name": name, "stateMutability": "view", "outputs": [{"name": "", "type": kind}]}
            for name, kind in _PROBED
        ],
    )
    asked: Sequence[tuple[Method, Sequence[Any]]] = [(Method(token, probes[name]), ()) for name, _ in _PROBED]
    name, version, separator, typehash = token.evm.attempts(asked)
    if name is None or separator is None or typehash not in (None, _TYPEHASH):
        return None
    for candidate in dict.fromkeys((version, "1", "2", None)):
        domain = {"name": name} | ({} if candidate is None else {"version": candidate})
        message = {"owner": token.address, "spender": token.address, "value": 0, "nonce": 0, "deadline": 0}
        signable = encode_typed_data(
            {**domain, "chainId": chain_id, "verifyingContract": token.address}, _PERMIT, message
        )
        if signable.header == separator:
            return domain
    return None


NONCES = Entry("nonces", [{"name": "owner", "type": "address"}], [{"name": "", "type": "uint256"}], "view", "function")


def _address(signer: Any) -> str:
    return str(Account.from_key(signer).address if isinstance(signer, str) else signer.address)


def _signed(signer: Any, message: SignableMessage) -> bytes:
    """65 bytes: r, s, v. Raises NotSent where the account refuses."""
    if isinstance(signer, str):
        return bytes(Account.sign_message(message, signer).signature)
    if (signature := signer.sign_message(message)) is None:
        raise NotSent(f"{signer.address} refused to sign")
    return bytes(signature.encode_rsv())
