"""What the demo says about its steps."""

from __future__ import annotations

import pytest

from demo.report import readable


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"gas": 2_208_269}, "gas 2,208,269"),
        ({"spent_usdc": 999.999923, "slippage_percent": 0.3257}, "spent usdc 1,000.00 · slippage percent 0.3257"),
        ({"shares": 2.0, "cost_bp": 2.85570650247751, "loss": -0.5}, "shares 2 · cost bp 2.8557 · loss -0.5"),
        ({"refused": True, "paused": False}, "refused · not paused"),
        ({"moves": {"SOL": 1.2, "BNB": 1.1}, "epoch": {0: 5}}, "moves SOL: 1.2, BNB: 1.1 · epoch 0: 5"),
        ({"weights": {"WBTC": {"now": 1, "target": 2}}, "fills": 5}, "fills 5"),
        ({"phase": "completed"}, "phase completed"),
        ({}, ""),
    ],
)
def test_figures_are_said_for_people(figures, said):
    assert readable(figures) == said
