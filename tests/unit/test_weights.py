"""The methodologies against the model, to the wei. Ids are those of docs/invariants.md."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import eth_abi
import pytest

from ssi.chain.evm import Deployed, Evm
from tests.model import weights as model
from tests.model.weights import WAD, Infeasible
from tests.support.reverts import error, reverts

MOST = 2**128 - 1
COMPARISONS = 5_000
A_CALL = 100


@dataclass(frozen=True)
class Question:
    """Prices and supplies of the constituents, and the words of the parameters."""

    prices: Sequence[int]
    supplies: Sequence[int]
    words: Sequence[int]

    def encoded(self) -> list[int]:
        return [len(self.prices), *self.prices, *self.supplies, len(self.words), *self.words]

    @property
    def caps(self) -> list[int]:
        return model.market_caps(self.prices, self.supplies)


@dataclass(frozen=True)
class WeightsBench:
    """A mock of the registry, and the three methodologies upon it."""

    evm: Evm
    project: Any
    figures: Deployed
    floor: Deployed
    capped: Deployed
    fixed: Deployed

    def weigh_all(self, methodology: Deployed, questions: Sequence[Question]) -> list[list[int] | int]:
        """For each question the weights, or the selector of the error as an integer.

        One call; encoded by hand because it is large.
        """
        words = [word for question in questions for word in question.encoded()]
        entry = self.figures.weighAll.entry
        head = (int(methodology.address, 16), 64, len(words))
        data = entry.hash[:4] + b"".join(word.to_bytes(32, "big") for word in (*head, *words))
        said = self.evm.call(self.figures.address, data)
        answers = [int.from_bytes(said[at : at + 32], "big") for at in range(64, len(said), 32)]
        result: list[list[int] | int] = []
        at = 0
        for _ in questions:
            count = answers[at]
            result.append(answers[at + 1 : at + 1 + count] if count else answers[at + 1])
            at += 1 + max(1, count)
        assert at == len(answers)
        return result


@pytest.fixture
def bench(evm: Evm, project: Any, owner: str) -> WeightsBench:
    figures = evm.deploy(project.FiguresMock, sender=owner)
    floor, capped = (
        evm.deploy(kind, figures, sender=owner) for kind in (project.FloorAndMarketCap, project.CappedMarketCap)
    )
    return WeightsBench(evm, project, figures, floor, capped, evm.deploy(project.FixedWeights, sender=owner))


# ---------------------------------------------------------------- markets


def magnitude(rng: random.Random, bits: int = 128) -> int:
    """Any size from one wei up is as likely as any other."""
    return max(1, min(2**bits - 1, rng.getrandbits(rng.randint(1, bits))))


def market(rng: random.Random, count: int) -> tuple[list[int], list[int]]:
    """Prices and supplies of one of the difficult kinds."""
    kind = rng.randrange(9)
    if kind == 0:  # plausible
        return [rng.randint(10**9, 10**23) for _ in range(count)], [rng.randint(10**22, 10**33) for _ in range(count)]
    if kind == 1:  # all equal
        return [magnitude(rng)] * count, [magnitude(rng)] * count
    if kind == 2:  # one giant among dwarfs
        prices, supplies = [magnitude(rng, 40) for _ in range(count)], [magnitude(rng, 40) for _ in range(count)]
        giant = rng.randrange(count)
        prices[giant], supplies[giant] = MOST - rng.getrandbits(8), MOST - rng.getrandbits(8)
        return prices, supplies
    if kind == 3:  # as little as there is
        return [rng.randint(1, 3) for _ in range(count)], [rng.randint(1, 3) for _ in range(count)]
    if kind == 4:  # as much as there is
        return [MOST - rng.getrandbits(2) for _ in range(count)], [MOST - rng.getrandbits(2) for _ in range(count)]
    if kind == 5:  # around the sum of 256 bits
        return [2**127 + rng.getrandbits(64) for _ in range(count)], [
            2**124 + rng.getrandbits(64) - 2**63 for _ in range(count)
        ]
    if kind == 6:  # a staircase, so that caps bind round after round
        base = rng.randint(11, 40)
        return [10**18 * base**place // 10**place for place in range(count)], [10**20] * count
    if kind == 7:  # equal but for a wei
        price = 10**18
        return [price + rng.randint(-1, 1) for _ in range(count)], [10**24] * count
    return [magnitude(rng) for _ in range(count)], [magnitude(rng) for _ in range(count)]


def counts(rng: random.Random) -> int:
    return rng.choice((1, 2, 3, 7, 32, rng.randint(1, 32), rng.randint(1, 12), rng.randint(1, 12)))


def floors(rng: random.Random, count: int) -> int:
    """Among them those that bind exactly, and those that are more than the whole."""
    return rng.choice(
        (
            0,
            1,
            WAD // 10,
            WAD // count,
            WAD // count + 1,
            WAD,
            MOST << 128,
            rng.randint(0, WAD // count),
            rng.randint(0, WAD),
        )
    )


def ceilings(rng: random.Random, caps: Sequence[int]) -> int:
    """Caps: among them the least possible one, one less, some that bind for a few, and some a fraction of a wei below a
    share.
    """
    least = -(-WAD // len(caps))
    if rng.random() < 0.25:
        return max(least, WAD * rng.choice(caps) // sum(caps))
    if rng.random() < 0.5:
        return min(WAD, least * rng.randint(1_000, 3_000) // 1_000)
    return rng.choice((least, least - 1, least + 1, least + rng.randint(0, 40), WAD, WAD + 1, 0, 2**256 - 1))


def shares(rng: random.Random, count: int) -> list[int]:
    """Weights for `FixedWeights`, mostly right."""
    kind = rng.randrange(8)
    cuts = sorted(rng.randint(0, WAD) for _ in range(count - 1))
    parts = [b - a for a, b in zip([0, *cuts], [*cuts, WAD], strict=True)]
    if kind == 0:
        parts[rng.randrange(count)] += 1
    if kind == 1 and count > 2:  # they sum to the whole modulo 2^256
        parts[0], parts[1] = parts[0] + 2**255, parts[1] + 2**255
    return parts


def batches(questions: Iterable[Question]) -> Iterator[list[Question]]:
    batch: list[Question] = []
    for question in questions:
        batch.append(question)
        if len(batch) == A_CALL:
            yield batch
            batch = []
    if batch:
        yield batch


def compare(
    bench: WeightsBench, methodology: Deployed, questions: Iterable[Question], expected: Any, refusals: Sequence[str]
) -> tuple[int, int]:
    """Every answer equals the model's, or is a refusal where the model refuses; returns how many of each."""
    selectors = {int.from_bytes(error(methodology.interface, name).hash[:4], "big") for name in refusals}
    weighed = refused = 0
    for batch in batches(questions):
        for question, answer in zip(batch, bench.weigh_all(methodology, batch), strict=True):
            try:
                wanted = expected(question)
            except Infeasible:
                assert answer in selectors, f"W2 refused by name: {question}"
                refused += 1
                continue
            assert answer == wanted, f"W1 as the model: {question}"
            assert sum(wanted) == WAD, "W1 the whole"
            weighed += 1
    return weighed, refused


# ---------------------------------------------------------------- comparisons


def test_floor_and_market_cap_is_the_model(bench: WeightsBench) -> None:
    """W1, W2, W3."""
    rng = random.Random(7)

    def questions() -> Iterator[Question]:
        for _ in range(COMPARISONS * 2):
            count = counts(rng)
            yield Question(*market(rng, count), [floors(rng, count)])

    def expected(question: Question) -> list[int]:
        (floor,) = question.words
        weights = model.floor_and_market_cap(question.caps, floor)
        assert min(weights) >= floor, "W3 the floor"
        return weights

    weighed, refused = compare(bench, bench.floor, questions(), expected, ["FloorAndMarketCap_FloorTooHigh"])
    assert weighed >= COMPARISONS
    assert refused > 500


def test_capped_market_cap_is_the_model(bench: WeightsBench) -> None:
    """W1, W2, W3."""
    rng = random.Random(8)
    capped_some = 0

    def questions() -> Iterator[Question]:
        for _ in range(COMPARISONS * 2):
            prices, supplies = market(rng, counts(rng))
            yield Question(prices, supplies, [ceilings(rng, model.market_caps(prices, supplies))])

    def expected(question: Question) -> list[int]:
        nonlocal capped_some
        (cap,) = question.words
        weights = model.capped_market_cap(question.caps, cap)
        assert max(weights) <= cap, "W3 the cap"
        capped_some += 1 < weights.count(cap) < len(weights)
        return weights

    refusals = ["CappedMarketCap_CapTooLow", "CappedMarketCap_CapTooHigh"]
    weighed, refused = compare(bench, bench.capped, questions(), expected, refusals)
    assert weighed >= COMPARISONS
    assert refused > 500
    assert capped_some > 400, "the interesting ones"


def test_fixed_weights_are_the_model(bench: WeightsBench) -> None:
    """W1, W2."""
    rng = random.Random(9)

    def questions() -> Iterator[Question]:
        for _ in range(COMPARISONS * 2):
            count = counts(rng)
            yield Question([1] * count, [1] * count, [32, count, *shares(rng, count)])

    refusals = ["FixedWeights_InvalidSum"]
    weighed, refused = compare(bench, bench.fixed, questions(), lambda q: model.fixed_weights(q.words[2:]), refusals)
    assert weighed >= COMPARISONS
    assert refused > 500


# ---------------------------------------------------------------- by hand


def one(bench: WeightsBench, methodology: Deployed, caps: Sequence[int], parameter: int) -> list[int]:
    (answer,) = bench.weigh_all(methodology, [Question(list(caps), [1] * len(caps), [parameter])])
    assert isinstance(answer, list)
    return answer


def test_floors_by_hand(bench: WeightsBench) -> None:
    tenth = WAD // 10
    assert one(bench, bench.floor, [3, 1], tenth) == [7 * tenth, 3 * tenth]
    assert one(bench, bench.floor, [5], WAD) == [WAD]
    assert one(bench, bench.floor, [5], 0) == [WAD]
    assert one(bench, bench.floor, [1, 10**30], WAD // 2) == [WAD // 2] * 2, "the floors are all there is"
    third = WAD // 3
    assert one(bench, bench.floor, [1, 1, 1], 0) == [third + 1, third, third], "the first takes what rounding leaves"
    assert one(bench, bench.floor, [9, 1, 1], third) == [third + 1, third, third]


def test_caps_by_hand(bench: WeightsBench) -> None:
    tenth = WAD // 10
    assert one(bench, bench.capped, [8, 1, 1], 4 * tenth) == [4 * tenth, 3 * tenth, 3 * tenth]
    # 60, 25, 15: the first is cut to 40, which lifts the second to 37.5; with a cap of 35 it is cut as well, in the
    # next round
    assert one(bench, bench.capped, [60, 25, 15], 4 * tenth) == [4 * tenth, 375 * WAD // 1_000, 225 * WAD // 1_000]
    assert one(bench, bench.capped, [60, 25, 15], 35 * WAD // 100) == [35 * WAD // 100] * 2 + [3 * tenth]
    assert one(bench, bench.capped, [1, 10**30], WAD // 2) == [WAD // 2] * 2
    third = -(-WAD // 3)
    assert one(bench, bench.capped, [1, 1, 1], third) == [third, third - 1, third - 1], "room for one wei only"
    assert one(bench, bench.capped, [10**9, 10**9, 1], third) == [third, third, third - 2]
    assert one(bench, bench.capped, [MOST], WAD) == [WAD]


def test_capitalisations_are_whole_products_until_they_could_not_be_summed(bench: WeightsBench) -> None:
    """The view, on a market of two: below 2^251 every digit, from there a 32nd."""
    for prices, supplies in (([MOST, 1], [2**123 - 1, 1]), ([2**127, 1], [2**124, 31]), ([MOST, 33], [MOST, 1])):
        wanted = model.market_caps(prices, supplies)
        floor, tokens = told(bench, bench.project.FloorAndMarketCap, supplies)
        assert floor.marketCaps(tokens, prices) == wanted


def told(bench: WeightsBench, kind: Any, supplies: Sequence[int]) -> tuple[Deployed, list[str]]:
    """A methodology over supplies that are kept: transient ones would be gone after the call."""
    owner = bench.evm.account("owner")
    registry = bench.evm.deploy(bench.project.KeptFigures, supplies, sender=owner)
    return bench.evm.deploy(kind, registry, sender=owner), [
        bench.evm.account(f"token {n}") for n in range(len(supplies))
    ]


def asked(methodology: Deployed) -> Callable[[Sequence[str], bytes], Any]:
    """`weights` at a price of one wei each, called as `validate` is."""
    return lambda tokens, parameters: methodology.weights(list(tokens), [1] * len(tokens), parameters)


# ---------------------------------------------------------------- what is refused


def word(value: int) -> bytes:
    return value.to_bytes(32, "big")


@pytest.mark.parametrize("name", ["floor", "capped", "fixed"])
def test_lists_that_cannot_be_weighed(bench: WeightsBench, name: str) -> None:
    """W2: none, more than 32, one twice. `validate` and `weights` refuse alike."""
    methodology: Deployed = getattr(bench, name)
    tokens = [bench.evm.account(f"token {n}") for n in range(33)]
    for call in (asked(methodology), methodology.validate):
        for count in (0, 33):
            with reverts(error(methodology.interface, "Constituents_InvalidCount"), count=count, max=32):
                call(tokens[:count], word(WAD))
        for twice in ([tokens[0]] * 2, [*tokens[:31], tokens[0]], [*tokens[1:31], tokens[5], tokens[5]]):
            with reverts(error(methodology.interface, "Constituents_Duplicate"), token=twice[-1]):
                call(twice, word(WAD // 2))


def test_floors_and_caps_that_cannot_hold(bench: WeightsBench) -> None:
    tokens = [bench.evm.account(f"token {n}") for n in range(3)]
    third = WAD // 3
    bench.floor.validate(tokens, word(third))
    for floor in (third + 1, 2**256 - 1):
        for call in (asked(bench.floor), bench.floor.validate):
            with reverts(
                error(bench.project.FloorAndMarketCap, "FloorAndMarketCap_FloorTooHigh"), floor=floor, count=3
            ):
                call(tokens, word(floor))
    for cap in (third + 1, WAD):
        bench.capped.validate(tokens, word(cap))
    for call in (asked(bench.capped), bench.capped.validate):
        with reverts(error(bench.project.CappedMarketCap, "CappedMarketCap_CapTooLow"), cap=third, count=3):
            call(tokens, word(third))
        for cap in (WAD + 1, 2**256 - 1):
            with reverts(error(bench.project.CappedMarketCap, "CappedMarketCap_CapTooHigh"), cap=cap):
                call(tokens, word(cap))


@pytest.mark.parametrize("parameters", [b"", b"\0" * 31, b"\0" * 33, b"\0" * 64])
def test_parameters_of_another_shape(bench: WeightsBench, parameters: bytes) -> None:
    token = [bench.evm.account("token")]
    for methodology in (bench.floor, bench.capped):
        for call in (asked(methodology), methodology.validate):
            with reverts(error(methodology.interface, "MarketCaps_InvalidParameters"), parameters=parameters):
                call(token, parameters)


def test_fixed_weights_of_another_shape_or_sum(bench: WeightsBench) -> None:
    tokens = [bench.evm.account(f"token {n}") for n in range(2)]
    good = eth_abi.encode(["uint256[]"], [[WAD - 7, 7]])
    bench.fixed.validate(tokens, good)
    bad_shapes = (
        b"",
        good[:-1],
        good + b"\0",
        eth_abi.encode(["uint256[]"], [[WAD]]),
        eth_abi.encode(["uint256[]"], [[WAD, 0, 0]]),
        word(64) + good[32:],
        word(32) + word(1) + good[64:],
        word(2**255) + good[32:],
    )
    for call in (asked(bench.fixed), bench.fixed.validate):
        for parameters in bad_shapes:
            with reverts(
                error(bench.project.FixedWeights, "FixedWeights_InvalidParameters"), count=2, parameters=parameters
            ):
                call(tokens, parameters)
        for parts, total in (([WAD, 1], WAD + 1), ([0, 0], 0), ([2**255, 2**255 + WAD], 2**256 - 1)):
            with reverts(error(bench.project.FixedWeights, "FixedWeights_InvalidSum"), sum=total):
                call(tokens, eth_abi.encode(["uint256[]"], [parts]))


def test_prices_that_no_oracle_says(bench: WeightsBench) -> None:
    """W2: one for each constituent, above 0 and within 128 bits, for every caller."""
    for kind in (bench.project.FloorAndMarketCap, bench.project.CappedMarketCap):
        methodology, tokens = told(bench, kind, [1, 1])
        for count in (0, 1, 3):
            with reverts(error(kind, "MarketCaps_LengthMismatch"), tokens=2, prices=count):
                methodology.weights(tokens, [1] * count, word(WAD // 2))
        for price in (0, MOST + 1, 2**256 - 1):
            with reverts(error(kind, "MarketCaps_InvalidPrice"), token=tokens[1], price=price):
                methodology.weights(tokens, [MOST, price], word(WAD // 2))
        assert methodology.weights(tokens, [MOST, MOST], word(WAD // 2)) == [WAD // 2] * 2


def test_no_methodology_without_its_source(bench: WeightsBench, owner: str) -> None:
    for kind in (bench.project.FloorAndMarketCap, bench.project.CappedMarketCap):
        with reverts(error(kind, "MarketCaps_ZeroAddress")):
            bench.evm.deploy(kind, "0x" + "00" * 20, sender=owner)


def test_32_constituents_stay_far_below_the_limit_of_a_transaction(bench: WeightsBench) -> None:
    """Even where the caps bind in as many rounds as there are constituents."""
    capped, tokens = told(bench, bench.project.CappedMarketCap, [10**20] * 32)
    data = capped.weights.encode(tokens, [10**18 * 2**place for place in range(32)], word(WAD // 31))
    assert bench.evm.send(bench.evm.account("owner"), capped, data).gas_used < 1_000_000
