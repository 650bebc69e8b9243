"""A chain of its own for the indexer's tests, in a process of its own: `python -m tests.indexer.chain FOLDER`.

The fork of the suite forgets the states of old blocks, and its tests revert what others have done. Says where the chain
is when the market has lived; ends when its input does.
"""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from forks import anvils
from tools import app, app_config, indexer_config
from tools.app_world import LEAST


def main(folder: Path) -> None:
    """Writes `deployment.json` and prints one line of JSON, where the node and the record are."""
    anvils.stop_in_order()
    with ExitStack() as stack:
        system, url = app.lived(stack, Console(stderr=True), anvils.free_port(), LEAST, archive=True)
        app_config.write(indexer_config.config(system, blocks_per_look=1), folder / "deployment.json")
        print(json.dumps({"url": url, "record": str(system.record.path)}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
