"""Proposes a change: `ape run propose rebalance | set-fee | upgrade | add-constituent | ... | call`; `ape run propose
--help` lists all.

Every proposal is tried out on a fork first: scheduled, waited for and executed, with the Safe's own code. What it
changes is shown, the file for Safe's Transaction Builder is written, and the hashes to compare on a hardware wallet are
printed.
"""

from forks.local import FORKS
from ssi.cli import propose
from ssi.cli.forking import given

cli = given(propose.cli, FORKS)
