"""One call that deploys, or goes on with a deployment that stopped."""

from __future__ import annotations

import click
from rich.console import Console

from scripts._lib import chain, params
from scripts._lib.build import fresh_project
from scripts._lib.deployer import Deployer, seed_amounts, units_for
from scripts._lib.record import Record


def fresh_record() -> Record:
    """The network's record. A fork forgets everything when it ends, so there a record of another fork counts for nothing."""
    from ape import networks

    record = Record.load(chain.network(), networks.provider.chain_id)
    gone = [name for name, address in record.contracts.items() if not networks.provider.get_code(address)]
    if gone and not chain.is_fork():
        raise click.ClickException(f"{record.path.name} names {gone[0]}, which is not there: wrong network?")
    return Record(record.path, record.chain_id) if gone else record


def fund_seeds(account: str) -> None:
    """On the miniature mainnet: gives the deployer what the first shares consist of."""
    from minimainnet.control import deal
    from minimainnet.prices import USD, decimals

    node = chain.rpc()
    needed: dict[str, int] = {}
    for index in params.indexes():
        seed = int(index.seed_shares * 10**18)
        for name, weight in index.weights.items():
            units = units_for(index.share_price, weight, int(USD[name] * 10**18), decimals(name))
            needed[name] = needed.get(name, 0) + 2 * seed_amounts([units], seed, index.mint_fee_bps)[0]
    for name, amount in needed.items():
        deal(node, name, account, amount)


def deploy(account: str | None = None, console: Console | None = None) -> Record:
    """Deploys, or goes on with a deployment that stopped."""
    project = fresh_project()
    console = console or Console(stderr=True)
    with console.status("Deploying") as status:
        record = fresh_record()
        signer = chain.signer(account)
        if chain.is_miniature() and not record.indexes:
            fund_seeds(signer.address)
        return Deployer(project, signer, record, lambda text: status.update(f"Deploying: {text}")).run()
