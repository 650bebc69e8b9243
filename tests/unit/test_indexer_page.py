"""Figures of the indexer's machine in docs/indexer.md."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tools.indexer_page import BAR, BARRED, PAGE, SNAPSHOT, refreshed


@pytest.fixture
def figures() -> dict[str, Any]:
    return json.loads(SNAPSHOT.read_text())


def test_the_page_has_the_figures_that_were_measured(figures):
    assert PAGE.read_text() == refreshed(PAGE.read_text(), figures)


def test_a_million_accounts_keep_within_the_bar(figures):
    (million,) = (each for each in figures["latencies"] if each["accounts"] == 1_000_000)
    assert {query: million["ms"][query][2] < BAR for query in BARRED} == dict.fromkeys(BARRED, True)


def test_another_figure_is_another_page(figures):
    for name in ("events", "events a second", "MB of history", "MB in all"):
        other = copy.deepcopy(figures)
        other["rate"][name] *= 2
        assert refreshed(PAGE.read_text(), other) != PAGE.read_text(), name
    for column, row in enumerate(figures["latencies"]):
        for query in row["ms"]:
            other = copy.deepcopy(figures)
            other["latencies"][column]["ms"][query][1] += 5
            assert refreshed(PAGE.read_text(), other) != PAGE.read_text(), (column, query)


def test_a_page_without_its_marks_is_refused(figures):
    with pytest.raises(ValueError, match="substring not found"):
        refreshed("a page", figures)
