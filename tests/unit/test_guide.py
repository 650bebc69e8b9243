"""The worked example of docs/guide.md is what the independent models compute."""

from __future__ import annotations

import re

import pytest

from ssi.build import ROOT
from tests.support.example import figures

PAGE = ROOT / "docs" / "guide.md"

# Every sentence of the page with a number of the example, the numbers by name.
SENTENCES = (
    "She delivers {bought_wbtc} WBTC and {bought_weth} WETH, together {bought_usd} USD",
    "with the fee shares of both mints, is now {supply} shares",
    (
        "After 28 days it is {multiplier}, and Ana's 10 shares redeem for {held_wbtc} WBTC and {held_weth} WETH, worth"
        " {held_usd} USD"
    ),
    "The index has earned {fee_first} shares on the first day, and 80 % of it, {fee_stakers} shares, go to the stakers",
    "Her staked shares are fixed at {asked} shares of the index",
    "They cool for {cooldown} days",
    "redeems them: {paid_wbtc} WBTC and {paid_weth} WETH, worth {paid_usd} USD",
    "Ana has 1,000 USD staked for a whole epoch: {points_plain} points",
    "400 of those dollars count eleven times: {points_boosted} points",
    "with 1,000 USD of staked SOSO, is {points_most} points",
    "Ana claims {pot} SOSO",
    "get {weight_0} %, {weight_1} % and {weight_2} %",
    (
        "it starts at {price_start} USD, meets the oracle's price of {price_middle} USD after eight hours, and ends at"
        " {price_end} USD"
    ),
    "An index of 10,000 USD may lose {budget} USD against the oracle in all",
)


@pytest.fixture(scope="module")
def text() -> str:
    return " ".join(PAGE.read_text().split())


@pytest.mark.parametrize("sentence", SENTENCES, ids=[re.sub(r"\W+", "-", each)[:40] for each in SENTENCES])
def test_the_guide_says_what_the_models_compute(text, sentence):
    told = sentence.format(**figures())
    assert told in text, f"the models say: {told}"


def test_every_figure_of_the_example_is_on_the_page():
    used = {name for sentence in SENTENCES for name in re.findall(r"{(\w+)}", sentence)}
    assert used == set(figures())
