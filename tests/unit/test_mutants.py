"""Mutants that find nothing to change would stop `make mutants`, which runs rarely."""

from __future__ import annotations

import pytest

from ssi.build import ROOT
from tools.mutants import FOLDER, MUTANTS


def test_mutants_have_names_of_their_own():
    """`make mutants` chooses by them, and YAML keeps the last of two entries of one name."""
    written = sum(path.read_text().count("\n    old: ") for path in FOLDER.glob("*.yaml"))
    assert len({mutant.what for mutant in MUTANTS}) == len(MUTANTS) == written


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.what)
def test_every_mutant_has_something_to_change_and_tests_to_notice(mutant):
    assert mutant.old in (ROOT / mutant.file).read_text()
    assert mutant.old != mutant.new
    assert (ROOT / mutant.tests.split("::")[0]).exists()
