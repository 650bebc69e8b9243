"""Deploys the whole protocol and hands every role over: `ape run deploy [--account ALIAS] [--yes] [--json]`."""

from forks.local import FORKS
from ssi.cli import deploy
from ssi.cli.forking import given

cli = given(deploy.cli, FORKS)
