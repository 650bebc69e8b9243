"""Deploys contracts and sends transactions, each of them once: what is done is recorded as soon as it is mined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ssi.chain import network
from ssi.constants import NOTICE
from ssi.deploy.journal import SendingAccount
from ssi.registry import params
from ssi.registry.record import Record


class Builder:
    """One deployment by one account.

    Args:
        project: the Ape project, freshly compiled.
        account: an Ape account that signs; it keeps no role in the end.
        record: what is there already.
        say: told about every step.

    On a fork, `provide` gets the account what the first shares consist of: asset, account, amount.
    """

    def __init__(self, project: Any, account: Any, record: Record, say: Callable[[str], object]) -> None:
        self.project, self.record, self.say = project, record, say
        self.account = SendingAccount(inner=account, rpc=network.rpc(), record=record)
        self.provide: Callable[[str, str, int], None] | None = None
        self.protocol, self.assets, self.index_params = params.protocol(), params.assets(), params.indexes()

    def contract(self, name: str, *args: Any, key: str | None = None) -> Any:
        """The contract of that name, deployed unless the record has it."""
        key = key or name
        kind = getattr(self.project, name)
        if key not in self.record.contracts:
            self.say(f"deploy {key}")
            self.record.contracts[key] = self.create(name, *args, key=key)
            self.record.save()
        return kind.at(self.record.contracts[key])

    def create(self, name: str, *args: Any, key: str) -> str:
        """Deploys, even where the record has one, and notes what was deployed as `key`. Returns the address."""
        kind = getattr(self.project, name)
        address: str = self.account.deploy(kind, *args).address
        self.record.created(key, name, bytes(kind.constructor.encode_input(*args)))
        return address

    def proxied(self, name: str, *args: Any, constructor: Sequence[Any] = ()) -> Any:
        """An upgradeable contract behind its proxy, initialised with `args`, deployed unless the record has it.

        `constructor` are the implementation's arguments.
        """
        kind = getattr(self.project, name)
        implementation = self.contract(name, *constructor, key=f"{name}Implementation")
        self.contract("ProtocolProxy", implementation, implementation.initialize.encode_input(*args), key=name)
        return kind.at(self.record.contracts[name])

    def once(self, step: str, method: Any, *args: object) -> None:
        """Sends a transaction unless the record says that it is done."""
        if step not in self.record.steps:
            self.say(step)
            method(*args, sender=self.account)
            self.record.steps.append(step)
            self.record.save()

    def roles(self, manager: Any, table: Any, kind: str, target: Any, name: str | None = None) -> None:
        """Sets `target` up as the table says of contracts of that kind; `name` where there are several."""
        roles: dict[int, list[bytes]] = {}
        for row in table.rows():
            if row.target == kind:
                roles.setdefault(row.role, []).append(row.selector)
        for role, selectors in roles.items():
            self.once(f"role {role} on {name or kind}", manager.setTargetFunctionRole, target, selectors, role)
        self.once(f"notice for changes of the roles on {name or kind}", manager.setTargetAdminDelay, target, NOTICE)
