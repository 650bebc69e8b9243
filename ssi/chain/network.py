"""The chain that scripts run on, and who signs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from ssi.chain.evm import Evm
from ssi.chain.http import TIMEOUT, HttpRpc, session
from ssi.chain.rpc import Rpc
from ssi.failure import Failure, Misused


def is_fork() -> bool:
    """True on a local fork."""
    from ape import networks

    return bool(networks.provider.network.name.endswith("-fork"))


def name() -> str:
    """Such as "ethereum-mainnet-fork"."""
    from ape import networks

    provider = networks.provider
    return f"{provider.network.ecosystem.name}-{provider.network.name}"


def quiet() -> None:
    """Ape says every transaction and every use of an unlocked key; scripts say what they do instead.

    Before a command is made.
    """
    from ape.logging import logger

    logger.set_level("ERROR")


def interactive() -> bool:
    """Whether there is a person to ask."""
    try:
        return sys.stdin is not None and sys.stdin.isatty()
    except ValueError:  # closed
        return False


def harden() -> None:
    """Gives Ape's own reads on a live network the patience of `HttpRpc`.

    Raises Failure where the node is of another chain.
    """
    from ape import networks
    from web3 import HTTPProvider

    if not is_fork():
        provider = networks.provider
        wanted, found = provider.network.chain_id, int(rpc().call("eth_chainId"), 16)
        if wanted != found:
            raise Failure(f"The node is of chain {found}, and {name()} is {wanted}: is MAINNET_RPC_URL right?", 1)
        provider.web3.provider = HTTPProvider(
            provider.http_uri, {"timeout": TIMEOUT}, session=session(), exception_retry_configuration=None
        )


def code(address: str) -> bool:
    """Whether there is code."""
    return len(str(rpc().call("eth_getCode", address, "latest"))) > 2


def rpc() -> Any:
    """A raw connection to the node behind Ape: fast to a local fork, patient to a live network."""
    from ape import networks

    provider = networks.provider
    return Rpc(provider.web3.provider.endpoint_uri) if is_fork() else HttpRpc(str(provider.http_uri))


def evm() -> Evm:
    """The same for contracts. Nothing can be sent over it but on a fork."""
    return Evm(rpc(), impersonate=False)


def account(alias: str | None) -> Any:
    """The account of that alias, locked as it is; on a fork, by default a test account.

    Raises:
        Misused: no account was named on a live network, or Ape does not know the alias.
    """
    from ape import accounts

    if alias is None:
        if not is_fork():
            raise Misused("Say who signs: --account ALIAS. `ape accounts list` shows them.")
        return accounts.test_accounts[0]
    if alias not in accounts.aliases:
        raise Misused(f"Ape knows no account {alias}: `ape accounts list` shows them, `ape accounts import` adds one.")
    return accounts.load(alias)


def signer(alias: str | None) -> Any:
    """The same, unlocked once and for all.

    The passphrase is that of `APE_ACCOUNTS_<alias>_PASSPHRASE`, or in the file that
    `APE_ACCOUNTS_<alias>_PASSPHRASE_FILE` names, else it is asked for.

    Raises:
        Misused: no account was named on a live network, Ape does not know the alias, or the passphrase is wrong or
            missing.
    """
    return unlocked(account(alias))


def unlocked(account: Any) -> Any:
    """The account; where it is a key file it signs without another question. Others (a Ledger) ask on the device.

    Raises Misused.
    """
    from ape.exceptions import AccountsError

    if not hasattr(account, "set_autosign") or not getattr(account, "locked", False):
        return account
    alias = account.alias
    passphrase = os.environ.get(f"APE_ACCOUNTS_{alias}_PASSPHRASE")
    if file := os.environ.get(f"APE_ACCOUNTS_{alias}_PASSPHRASE_FILE"):
        try:
            passphrase = Path(file).read_text().rstrip("\n")
        except OSError as error:
            raise Misused(f"The passphrase of {alias} is not in {file}: {error.strerror}.") from None
    if not passphrase and not interactive():
        raise Misused(
            f"There is no terminal to ask for the passphrase of {alias}: set APE_ACCOUNTS_{alias}_PASSPHRASE "
            f"or APE_ACCOUNTS_{alias}_PASSPHRASE_FILE."
        )
    try:
        account.set_autosign(True, passphrase=passphrase or None)
    except AccountsError:
        raise Misused(f"The passphrase of {alias} is wrong.") from None
    return account
