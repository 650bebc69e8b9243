"""The work that any account may do: `ape run keeper run`, or one job of it, `daily` or `rebalance INDEX`.

A keeper needs ether for gas.
"""

from forks.local import FORKS
from ssi.cli import keeper
from ssi.cli.forking import given

cli = given(keeper.cli, FORKS)
