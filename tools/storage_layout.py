"""Storage of every upgradeable contract: `make storage` compares it with snapshots/storage/ and adds what is new there.

Exits with 1 when a contract would read another value than its predecessor wrote, or must not be behind a proxy. Then
its reference stays.
"""

from __future__ import annotations

import json
import sys

from rich.console import Console

from ssi.governance import storage as layout


def main() -> int:
    """Shows and writes the layouts of all upgradeable contracts outside of mocks."""
    console, known = Console(), layout.references()
    found = layout.examine(layout.production(), known)
    bad = {
        name: f"snapshots/storage/{name}.json is of no contract: remove it if none was deployed"
        for name in known
        if name not in found
    }
    for name, contract in found.items():
        if contract.breaks or contract.flaws:
            bad[name] = "\n".join(filter(None, [contract.breaks, *contract.flaws]))
            continue
        slots = sum(len(variables) for variables in contract.layout.get("namespaces", {}).values()) + len(
            contract.layout["storage"]
        )
        said = "new" if name not in known else "unchanged" if known[name] == contract.layout else "compatible"
        console.print(f"[green]✓[/] {name}  {slots} variables, {said}", highlight=False)
        layout.REFERENCES.mkdir(parents=True, exist_ok=True)
        (layout.REFERENCES / f"{name}.json").write_text(json.dumps(contract.layout, indent=2) + "\n")
    for name, why in bad.items():
        console.print(f"[red]✗[/] {name}\n{why}", highlight=False)
    console.print(f"{len(found)} upgradeable contracts, {len(bad)} not as they should be")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
