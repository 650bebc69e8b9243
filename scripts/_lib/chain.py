"""The chain that scripts run on, and who signs."""

from __future__ import annotations

from typing import Any

from minimainnet.rpc import Rpc


def is_fork() -> bool:
    """True on a local fork."""
    from ape import networks

    return bool(networks.provider.network.name.endswith("-fork"))


def network() -> str:
    """Such as "ethereum-mainnet-fork"."""
    from ape import networks

    provider = networks.provider
    return f"{provider.network.ecosystem.name}-{provider.network.name}"


def quiet() -> None:
    """Ape says every transaction, on stdout; scripts say what they do instead. To be called before a command is made."""
    from ape.logging import logger

    logger.set_level("WARNING")


def rpc() -> Rpc:
    """A raw connection to the node behind Ape."""
    from ape import networks

    return Rpc(networks.provider.web3.provider.endpoint_uri)


def signer(alias: str | None) -> Any:
    """The account of that alias; on a fork a test account unless told.

    Raises:
        click.UsageError: no account was named on a live network.
    """
    import click
    from ape import accounts

    if alias is None:
        if not is_fork():
            raise click.UsageError("say who signs: --account ALIAS (see `ape accounts list`)")
        return accounts.test_accounts[0]
    return accounts.load(alias)
