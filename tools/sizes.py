"""Size of every contract: `make size` writes snapshots/sizes.json.

Exits with 1 when one is too large to be deployed (EIP-170).
"""

from __future__ import annotations

import json
import os
import sys

from rich.console import Console
from rich.table import Table

from ssi.build import ROOT, fresh_project

SNAPSHOT = ROOT / "snapshots" / "sizes.json"
LIMIT = 24_576


def main() -> int:
    """Shows and writes the sizes of what is deployed: libraries that are compiled in and mocks are left out."""
    os.environ.setdefault("MAINNET_RPC_URL", "http://127.0.0.1:9545")
    from ssi.chain.network import quiet

    quiet()
    sizes = {}
    for name, kind in fresh_project().manifest.contract_types.items():
        code = kind.runtime_bytecode
        if code and (size := len(code.to_bytes())) > 100 and "mocks" not in str(kind.source_id):
            sizes[name] = size
    table = Table("contract", "bytes", "left")
    for name, size in sorted(sizes.items(), key=lambda item: -item[1]):
        table.add_row(name, f"{size:,}", f"{LIMIT - size:,}", style="red" if size > LIMIT else None)
    Console().print(table)
    SNAPSHOT.parent.mkdir(exist_ok=True)
    SNAPSHOT.write_text(json.dumps(dict(sorted(sizes.items())), indent=2) + "\n")
    return 1 if any(size > LIMIT for size in sizes.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
