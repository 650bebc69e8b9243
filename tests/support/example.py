"""The worked example of docs/guide.md, computed by the independent models: an index of two tokens, and Ana, who buys,
stakes and leaves.
"""

from __future__ import annotations

from ssi.constants import DAY, RAY, WAD
from tests.model.index import IndexModel
from tests.model.points import PointsModel, Values
from tests.model.rebalancing import RUNNING, RebalanceModel, Terms
from tests.model.staking import StakingModel
from tests.model.weights import floor_and_market_cap

BORN, EPOCH = 100 * DAY, 28
WBTC, WETH = 60_000, 2_000  # dollars
STAKERS_PART = 8_000  # bp

INDEX, STAKED, SOSO = "index", "staked", "SOSO"


def _number(wei: int, decimals: int, places: int) -> str:
    """{tok} as a reader sees it, cut off and never rounded up."""
    whole, rest = divmod(wei * 10**places // 10**decimals, 10**places)
    return f"{whole:,}" + (f".{rest:0{places}d}" if places else "")


def _dollars(amounts: dict[str, int]) -> str:
    """At the prices of the example, in cents, rounded down."""
    cents = amounts["WBTC"] * WBTC * 100 // 10**8 + amounts["WETH"] * WETH * 100 // WAD
    return f"{cents // 100:,}.{cents % 100:02d}"


def _tokens(amounts: dict[str, int]) -> dict[str, str]:
    return {"wbtc": _number(amounts["WBTC"], 8, 8), "weth": _number(amounts["WETH"], 18, 6), "usd": _dollars(amounts)}


def index() -> IndexModel:
    """0.001 WBTC and 0.02 WETH a share, a basis point a day, ten for a mint.

    The Safe has seeded it with a thousand shares.
    """
    units = {"WBTC": 10**5 * RAY // WAD, "WETH": 2 * 10**16 * RAY // WAD}
    born = IndexModel(units, 10**14, 10, 1_000_000, BORN, "distributor")
    born.mint(BORN, 1_000 * WAD, "Safe")
    born.collect_fees(BORN)
    return born


def figures() -> dict[str, str]:
    """Every number of the page by name."""
    return {**_holding(), **_points(), **_rebalance()}


def _holding() -> dict[str, str]:
    basket, vault = index(), StakingModel(BORN, EPOCH * DAY, BORN)
    bought = basket.mint(BORN, 10 * WAD, "Ana")
    supply = basket.total_supply(BORN)
    basket.mint(BORN, 90 * WAD, "Ben")
    basket.collect_fees(BORN)
    staked = vault.deposit(BORN, 10 * WAD, "Ana")
    vault.deposit(BORN, 90 * WAD, "Ben")

    first = 0
    for day in range(1, EPOCH + 1):
        now = BORN + day * DAY
        earned = basket.pending_fee_shares(now)
        basket.collect_fees(now)
        part = earned * STAKERS_PART // 10_000
        first = first or earned
        vault.add_rewards(now, part)
    end = BORN + EPOCH * DAY
    held = basket.preview_redeem(end, 10 * WAD)
    asked = vault.request_redeem(end, staked, "Ana", "Ana", "Ana")
    matures = vault.matures("Ana")
    assert matures is not None
    left = vault.redeem(matures, staked, "Ana", "Ana")
    paid = basket.preview_redeem(matures, left)
    return {
        **{f"bought_{name}": value for name, value in _tokens(bought).items()},
        **{f"held_{name}": value for name, value in _tokens(held).items()},
        **{f"paid_{name}": value for name, value in _tokens(paid).items()},
        "supply": _number(supply, 18, 2),
        "fee_first": _number(first, 18, 4),
        "fee_stakers": _number(first * STAKERS_PART // 10_000, 18, 4),
        "multiplier": _number(basket.multiplier(end), 27, 6),
        "asked": _number(asked, 18, 4),
        "cooldown": str((matures - end) // DAY),
    }


def _points() -> dict[str, str]:
    epoch = EPOCH * DAY * WAD
    plain = Values(staked=1_000 * epoch).points()
    boosted = Values(staked=1_000 * epoch, soso=400 * epoch).points()
    ledger = PointsModel(0, EPOCH * DAY)
    ledger.recorded[1] = {"Ana": boosted, "others": 19 * boosted}
    ledger.recorders[1] = ["keeper", "keeper"]
    ledger.joined = {"Ana": 0, "others": 0}
    ledger.fund(1, SOSO, 5_000 * WAD)
    return {
        "points_plain": _number(plain, 18, 0),
        "points_boosted": _number(boosted, 18, 0),
        "points_most": _number(Values(staked=1_000 * epoch, soso=1_000 * epoch).points(), 18, 0),
        "pot": _number(ledger.claim("Ana", 1, SOSO), 18, 0),
    }


def _rebalance() -> dict[str, str]:
    """Weights by market capitalisation, and the price of an auction over its day."""
    weights = floor_and_market_cap([700, 200, 100], WAD // 10)
    terms = Terms(premium=100, discount=200, duration=DAY, budget=50, dust=50)
    auction = RebalanceModel(index(), {"WBTC": 8, "WETH": 18}, {}, terms, 1, phase=RUNNING, running=terms, started=BORN)
    hours = {0: "start", 8: "middle", 24: "end"}
    return {
        **{f"weight_{n}": _number(weight, 16, 0) for n, weight in enumerate(weights)},
        **{
            f"price_{name}": _number(2_000 * auction.factor(BORN + hour * 3_600), 18, 0) for hour, name in hours.items()
        },
        "budget": _number(10_000 * WAD * terms.budget // 10_000, 18, 0),
    }
