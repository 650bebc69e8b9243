"""docs/gas.md says what was measured, and what it is measured against."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tools.gas_page import PAGE, ROWS, refreshed
from tools.gas_report import BARS, SNAPSHOT


@pytest.fixture
def page() -> str:
    return PAGE.read_text()


@pytest.fixture
def figures() -> dict[str, Any]:
    return json.loads(SNAPSHOT.read_text())


def rows(page: str) -> list[str]:
    """The first cells of every table with a column for this project."""
    return [
        row.split(" | ")[0].removeprefix("| ")
        for table in re.findall(r"^\| operation \| SSI \|.*\n\|[-|]+\n((?:\|.*\n)+)", page, re.MULTILINE)
        for row in table.splitlines()
    ]


def test_every_figure_of_the_page_is_the_snapshots(page, figures):
    """`make gas` writes both."""
    assert page == refreshed(page, figures, BARS)


def test_every_row_of_the_page_is_known_and_every_known_row_is_there(page):
    assert sorted(rows(page)) == sorted(ROWS)


@pytest.mark.parametrize("key", ["mint_repeat", "transfer_new", "buy_usdc_7"])
def test_another_figure_is_another_page(page, figures, key):
    assert page != refreshed(page, {**figures, key: figures[key] + 1}, BARS)


def test_another_bar_is_another_page(page, figures):
    assert page != refreshed(page, figures, {**BARS, "redeem_part": 1})


def test_what_the_deployed_start_pays_more_is_what_was_measured(page, figures):
    """It was said to be 67,000 long after second sources had made it 390,000. The parts add up to it."""
    text = " ".join(page.split())
    (said,) = re.findall(
        r"MAG7\.ssi as it is deployed pays ([\d,]+) more: ([^:]*)\. Prices and weights are views", text
    )
    total, parts = (
        int(said[0].replace(",", "")),
        [int(part.replace(",", "")) for part in re.findall(r"\((\d+,\d+)", said[1])],
    )
    assert abs(total - (figures["start_rebalance_mag7"] - figures["start_rebalance_repeat"])) <= 2_000
    assert sum(parts) == total
