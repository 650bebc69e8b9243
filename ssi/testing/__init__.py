"""The deployed protocol for the tests of other Ape projects, on a fork that can be moved: a pytest plugin.

```python
# conftest.py
pytest_plugins = ["ssi.testing"]

# test_mine.py
def test_mine(protocol, whale):
    protocol.invest("MAG7.ssi", whale, 10 * 10**18)
```

Without MAINNET_RPC_URL the fork stands on the miniature mainnet that the wheel carries; with it, on the real chain.
anvil has to be on PATH. Ape is connected to the fork for the whole run (unless `--network` says otherwise), so
`ape.chain`, `accounts` and contracts of the project's own are on the same chain. Every test leaves the protocol as it
found it. It needs `pip install ssi[testing]`.

Nothing else in `ssi` imports this package, which alone of all knows the test chain.
"""

from __future__ import annotations

from ssi.testing.fixtures import deployed_protocol, protocol, whale
from ssi.testing.nodes import pytest_collection_finish, pytest_configure, pytest_unconfigure
from ssi.testing.protocol import ForkedProtocol

__all__ = [
    "ForkedProtocol",
    "deployed_protocol",
    "protocol",
    "pytest_collection_finish",
    "pytest_configure",
    "pytest_unconfigure",
    "whale",
]
