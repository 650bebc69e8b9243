"""What every command does alike: JSON alone on standard output, one line for what is wrong, 2 for what was typed and 1
for the chain.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from decimal import Decimal, InvalidOperation
from inspect import signature
from pathlib import Path
from typing import Any

import click
from ape.cli import ConnectedProviderCommand
from eth_utils import is_hex_address, to_checksum_address

from ssi.build import fresh_project
from ssi.chain import network
from ssi.chain.evm import Reverted
from ssi.chain.forking import NotStarted
from ssi.chain.http import NodeUnreachable
from ssi.chain.rpc import RpcError
from ssi.chain.sender import NotSent, Pending
from ssi.cli.refusals import words
from ssi.failure import Answered, Failure, Impossible, Misused
from ssi.governance.decoder import Decoder, Unknown, mistyped
from ssi.governance.proposal import ProposalRefused
from ssi.indexer.client import URL as INDEXER
from ssi.indexer.client import IndexerSilent
from ssi.registry.params import ParamsUnusable
from ssi.registry.record import Record, RecordUnusable
from ssi.registry.system import System

CONNECTS = 4  # attempts
TRACEBACK = "SSI_TRACEBACK"


class Command(ConnectedProviderCommand):  # type: ignore[misc] # Ape has no types
    """A command on a network. What it returns is printed as JSON with `--json`; without, it prints by itself."""

    callback: Any

    def invoke(self, ctx: click.Context) -> Any:
        as_json, out = bool(ctx.params.get("json")), sys.stdout
        try:
            with redirect_stdout(sys.stderr) if as_json else nullcontext():
                result = self._connected(ctx)
        except click.exceptions.Exit:
            raise
        except Exception as error:
            if os.environ.get(TRACEBACK):
                raise
            failure = explained(error)
            if as_json:
                click.echo(json.dumps({"error": failure.message, "code": failure.exit_code}), file=out)
            raise failure from None
        if as_json:
            answer = result if isinstance(result, Answered) else Answered(result, 0)
            click.echo(json.dumps(answer.data), file=out)
            ctx.exit(answer.exit_code)
        return None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """What cannot be parsed is one line, too."""
        with _in_one_line(ctx, args):
            return list(super().parse_args(ctx, args))

    def _connected(self, ctx: click.Context) -> Any:
        """Connects, more than once where the node does not answer at first, and runs."""
        started: list[bool] = []
        run: Any = self.callback
        params = dict(ctx.params)
        assert run is not None

        def once(*args: Any, **kwargs: Any) -> Any:
            started.append(True)
            network.harden()
            return run(*args, **kwargs)

        once.__signature__ = signature(run)  # type: ignore[attr-defined] # Ape asks for it
        self.callback = once
        try:
            for attempt in range(CONNECTS):
                try:
                    return super().invoke(ctx)
                except Exception as error:
                    if started or isinstance(error, click.ClickException) or attempt == CONNECTS - 1:
                        raise
                    ctx.params = dict(params)
                    time.sleep(0.2 * 2**attempt)
        finally:
            self.callback = run


class Commands(click.Group):
    """Several commands under one word."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """What cannot be parsed is one line, too."""
        with _in_one_line(ctx, args):
            return list(super().parse_args(ctx, args))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """A word that is no command is one line, too."""
        with _in_one_line(ctx, args):
            return super().resolve_command(ctx, args)


@contextmanager
def _in_one_line(ctx: click.Context, args: list[str]) -> Iterator[None]:
    as_json = "--json" in args  # click empties the list
    try:
        yield
    except click.UsageError as error:
        said, command = error.format_message(), ctx.command_path.split(" run ")[-1]
        stop = "" if said.endswith((".", "?")) else "."
        failure = Failure(f"{said}{stop} `ape run {command} --help` says what can be.", 2)
        if as_json:
            click.echo(json.dumps({"error": failure.message, "code": 2}))
        raise failure from None


class Offline(Command):
    """A command that asks no node: as the others, without a network behind it."""

    def _connected(self, ctx: click.Context) -> Any:
        taken = signature(self.callback).parameters
        ctx.params = {name: value for name, value in ctx.params.items() if name in taken}
        return click.Command.invoke(self, ctx)


def explained(error: Exception) -> click.ClickException:
    """What a person is told."""
    import requests
    from ape.exceptions import ApeException
    from eth_abi.exceptions import DecodingError, EncodingError
    from pydantic import ValidationError

    if isinstance(error, click.ClickException):
        return error
    if isinstance(error, click.Abort):
        return Failure("Nothing was done: there was no answer. `--yes` answers yes.", 2)
    if isinstance(error, Misused | Unknown | RecordUnusable | ParamsUnusable):
        return Failure(str(error), 2)
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return Failure(f"deployments/params: {'.'.join(map(str, first['loc']))}: {first['msg']}", 2)
    if isinstance(error, EncodingError):
        return Failure(f"A number or text does not fit: {error}", 2)
    if isinstance(error, DecodingError):
        return Failure(
            f"A contract answers with something that is not in its interface: {error} Is it what you meant?", 1
        )
    if isinstance(error, Impossible | ProposalRefused | NodeUnreachable):
        return Failure(str(error), 1)
    if isinstance(error, IndexerSilent):
        return Failure(f"The indexer failed meanwhile: {error}. Run it again, or without {INDEXER}.", 1)
    if isinstance(error, Pending):
        return Failure(f"{str(error)[0].upper()}{str(error)[1:]}.", 1)
    if isinstance(error, NotSent):
        return Failure(f"Not sent: {error}.", 1)
    if isinstance(error, Reverted):
        return Failure(_revert(error), 1)
    if isinstance(error, RpcError):
        return Failure(f"The node says: {error}.", 1)
    if isinstance(error, NotStarted):
        said = "" if "://" in str(error) else f" ({error})"
        return Failure(
            f"The fork on which this is tried out could not be started{said}. Try again; does the node serve its last"
            " blocks?",
            1,
        )
    if type(error).__module__.startswith(("ledger", "ape_ledger", "hid")):
        said = str(error) or type(error).__name__
        return Failure(
            f"The hardware wallet says: {said}. Is it connected and unlocked, with its Ethereum app open?", 1
        )
    if isinstance(error, ApeException | requests.RequestException | OSError) or type(error).__module__.startswith(
        ("web3", "urllib3")
    ):
        return Failure(f"{_network(error)} Is MAINNET_RPC_URL right, and the node up?", 1)
    return Failure(f"This should not happen ({type(error).__name__}: {error}). {TRACEBACK}=1 shows where it does.", 1)


def _revert(error: Exception) -> str:
    data = getattr(error, "data", b"")
    try:
        nothing: Any = None  # errors are known by the sources alone, and the network is gone by now
        decoder = Decoder(System(nothing, fresh_project(), Record(Path(), 0)))
        refusal = decoder.refusal(data)
        if refusal and (said := words(*refusal)):
            return f"{said} ({decoder.error(data)})"
        return f"The chain refuses: {decoder.error(data) if data else error}."
    except Exception:  # an error that cannot be read is shown as it is
        return f"The chain refuses: {error}."


def _network(error: Exception) -> str:
    """Without the URL, which may have a password in it, nor its path, where providers have their keys."""
    said = type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        return f"{said}: {error.strerror}."
    text = str(error)
    secret = "://" in text or "url: " in text
    return f"{said}." if secret or not text or len(text) > 200 else f"{said}: {text}."


# ---------------------------------------------------------------- what people type


class Number(click.ParamType):
    """A finite decimal number within bounds, such as 1_000 or 0.5."""

    name = "number"

    def __init__(self, least: int | None = None, most: int | None = None) -> None:
        self.least, self.most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """Raises click.BadParameter."""
        try:
            number = Decimal(str(value).replace("_", ""))
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or number.adjusted() > 40 or number.as_tuple().exponent < -40:  # type: ignore[operator]
            self.fail(f"{value!r} is not a valid number.", param, ctx)
        if (self.least is not None and number < self.least) or (self.most is not None and number > self.most):
            self.fail(
                f"{value} is not from {self.least} to {self.most if self.most is not None else 'infinity'}.", param, ctx
            )
        return number


class Address(click.ParamType):
    """An address; with the right checksum where it has capital letters."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Raises click.BadParameter."""
        if not is_hex_address(value) or not value.startswith("0x"):
            self.fail(f"{value!r} is not a valid address: 0x and 40 hex digits.", param, ctx)
        if mistyped(value):
            self.fail(f"{value!r} has a wrong checksum: a letter was mistyped.", param, ctx)
        return str(to_checksum_address(value))


json_option: Callable[[Any], Any] = click.option("--json", is_flag=True, help="Print everything as JSON.")
