"""The documents say what the code and the tests do."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest

from ssi.build import ROOT
from ssi.registry import params

_ROW = re.compile(r"^\| ([A-Z]+\d+) \|", re.MULTILINE)
_CITED = re.compile(r"""["']([A-Z]+\d+(?:, [A-Z]+\d+)*)[ "':,.]""")


def citations() -> dict[str, set[str]]:
    """In which folders of tests an id is cited: at the head of a message or a docstring, alone or in a list."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "tests").rglob("*.py"):
        folder = path.relative_to(ROOT / "tests").parts[0]
        for ids in _CITED.findall(path.read_text()):
            for each in ids.split(", "):
                found.setdefault(each, set()).add(folder)
    return found


def test_the_table_of_invariants_says_where_each_is_asserted():
    """Some folders had a promise and no test of it."""
    rows = re.findall(r"^\| ([A-Z]+\d+) \|.*\|([^|]*)\|$", (ROOT / "docs/invariants.md").read_text(), re.MULTILINE)
    said = {name: set(re.findall(r"`tests/(\w+)`", cell)) for name, cell in rows}
    cited = citations()
    assert not {name: folders - cited[name] for name, folders in said.items() if not folders or folders - cited[name]}


def test_every_invariant_is_asserted_by_its_id():
    """Or at the head of the test, where it asserts a revert. And no test cites an id that is not written down."""
    written = _ROW.findall((ROOT / "docs/invariants.md").read_text())
    assert len(written) == len(set(written)), "an id means one promise"
    cited = set(citations())
    assert set(written) <= cited, f"not asserted: {sorted(set(written) - cited)}"
    families = {name.rstrip("0123456789") for name in written}
    unknown = {name for name in cited if name.rstrip("0123456789") in families} - set(written)
    assert not unknown, f"not written down: {sorted(unknown)}"


GENERATED = "../reference/"  # pages that `make docs` makes; it fails where a link to one of them leads nowhere


def test_every_link_between_documents_leads_somewhere():
    pages = [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "docs/how-to").glob("*.md"),
        *(ROOT / "docs/audit").glob("*.md"),
        ROOT / "tests" / "README.md",
        *(ROOT / ".github").rglob("*.md"),
    ]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text())]
    assert len(links) > 10
    assert not [
        f"{page.name}: {link}"
        for page, link in links
        if not (page.parent / link).exists() and not link.startswith(GENERATED)
    ]


_SECONDS = {"days": 86_400, "hours": 3_600, "minutes": 60}

# What a text says, with the number as a group; where the code says it; what one of the text's units is in the code's.
NUMBERS = (
    (r"(\d+) days of notice", "governance/Roles.sol", "NOTICE", 86_400),
    (r"Governance waits (\d+) days", "governance/Roles.sol", "NOTICE", 86_400),
    (r"governor with a delay of (\d+) days", "governance/Roles.sol", "NOTICE", 86_400),
    (r"chooses them, (\d+) days ahead", "governance/Roles.sol", "NOTICE", 86_400),
    (r"at least (\d+) days later that executes", "governance/Roles.sol", "NOTICE", 86_400),
    (r"of the governor, which is public for (\d+) days before", "governance/Roles.sol", "NOTICE", 86_400),
    (r"takes a cooldown of (\d+) days", "staking/StakedToken.sol", "MAX_COOLDOWN", 86_400),
    (r"cooldown can never be longer than (\d+) days", "staking/StakedToken.sol", "MAX_COOLDOWN", 86_400),
    (r"`exitOf\(me\)\.maturesAt`, at most (\d+) days", "staking/StakedToken.sol", "MAX_COOLDOWN", 86_400),
    (r"linearly over (\d+) hours", "staking/AccountedAssets.sol", "_VESTING", 3_600),
    (r"starts vesting over (\d+) hours", "staking/AccountedAssets.sol", "_VESTING", 3_600),
    (
        r"streaming fee is a pure function of time\*\* \(at most (\d+) % a year",
        "index/ManagedIndex.sol",
        "_MAX_DAILY_FEE",
        Fraction(10**16, 365),
    ),
    (r"`MAX_DAILY_FEE` \| [^=|]*= ([\d,]+)", "index/ManagedIndex.sol", "_MAX_DAILY_FEE", 1),
    (r"mint fee is at most (\d+) %", "index/ManagedIndex.sol", "_MAX_MINT_FEE", 100),
    (r"@param mintFee bp, at most (\d+)", "index/ManagedIndex.sol", "_MAX_MINT_FEE", 1),
    (r"`MAX_MINT_FEE` \| (\d+)", "index/ManagedIndex.sol", "_MAX_MINT_FEE", 1),
    (r"@param supplyCap whole shares, at most (\S+)", "index/ManagedIndex.sol", "_MAX_SUPPLY_CAP", 1),
    (r"`MAX_CAP` \| (\S+)", "index/ManagedIndex.sol", "_MAX_SUPPLY_CAP", 1),
    (r"first mint also pays for (\S+) dead shares", "index/IndexToken.sol", "_DEAD_SHARES", 1),
    (r"`DEAD_SHARES` \| (\S+)", "index/IndexToken.sol", "_DEAD_SHARES", 1),
    (r"@param tokens constituents, 1 to (\d+)", "index/BasketLib.sol", "MAX_CONSTITUENTS", 1),
    (r"`MAX_CONSTITUENTS` \| (\d+)", "index/BasketLib.sol", "MAX_CONSTITUENTS", 1),
    (r"surplus vests evenly over (\d+) days", "index/IndexBase.sol", "_SURPLUS_VESTING", 86_400),
    (r"then it vests over (\d+) days", "index/IndexBase.sol", "_SURPLUS_VESTING", 86_400),
    (r"`VESTING` \| (\d+)", "index/IndexBase.sol", "_SURPLUS_VESTING", 86_400),
    (r"a transfer needs less than ([\d,]+) gas", "index/TolerantERC20.sol", "TRANSFER_GAS", 1),
    (r"`balanceOf` less than ([\d,]+)", "index/TolerantERC20.sol", "BALANCE_GAS", 1),
    (r"refused once it is (\d+) days old", "methodology/SupplyRegistry.sol", "MAX_AGE", 86_400),
    (r"in the (\d+) days after the week of recording", "points/PointsLedger.sol", "_CLAIMING", 86_400),
    (r"after those (\d+) days into the running", "points/PointsLedger.sol", "_CLAIMING", 86_400),
    (r"requests an unlock, then waits (\d+) days", "points/LpLocker.sol", "COOLDOWN", 86_400),
    (r"`COOLDOWN` \| (\d+) · 86,400", "points/LpLocker.sol", "COOLDOWN", 86_400),
    (r"At most (\d+), ever|oldest first\. At most (\d+)", "points/LpLocker.sol", "MAX_POOLS", 1),
    (r"from (\d+) minutes to a day", "oracle/UniswapV3TwapFeed.sol", "_MIN_WINDOW", 60),
    (r"`s = W / (\d+)` seconds", "oracle/UniswapV3TwapFeed.sol", "_PARTS", 1),
    (r"refused above (\d+) +UniswapV3TwapFeed_Unsettled", "oracle/UniswapV3TwapFeed.sol", "_MAX_SPREAD", 1),
    (r"within (\d+) ticks of the answer", "oracle/UniswapV3TwapFeed.sol", "_MAX_SPREAD", 1),
    (r"refused above (\d+) +UniswapV3TwapFeed_Drifted", "oracle/UniswapV3TwapFeed.sol", "_MAX_DRIFT", 1),
    (r"refused above (\d+) +UniswapV3TwapFeed_TooThin", "oracle/UniswapV3TwapFeed.sol", "_TOUCHED", 1),
    (r"Over `W` seconds that is `W / (\d+)`", "oracle/UniswapV3TwapFeed.sol", "_BLOCK", 1),
    (r"`PriceOracle` gives a source ([\d,]+)", "oracle/PriceOracle.sol", "_SOURCE_GAS", 1),
    (r"a bound `d` of 1 to ([\d,]+) bp", "oracle/PriceOracle.sol", "_MAX_DEVIATION", 1),
    (r"deviates by 1 to ([\d,]+) bp|bp of the lower one, 1 to ([\d,]+)", "oracle/PriceOracle.sol", "_MAX_DEVIATION", 1),
    (r"Of a rate: how much a day may add, 1 to (\d+)", "oracle/PriceOracle.sol", "_MAX_GROWTH", 1),
    (r"min\(now − t, (\d+) days\)|Growth is counted over (\d+) days", "oracle/PriceOracle.sol", "_MAX_GROWING", 86_400),
    (r"not before t \+ (\d+) hours", "oracle/PriceOracle.sol", "_MIN_BETWEEN_POKES", 3_600),
    (r"`m · 10\^e` with `m ≤ ([\d,]+)`", "oracle/BoundLib.sol", "_DIGITS", 1),
    (r"only where `t' ≥ t \+ (\d+) days`", "methodology/SupplyRegistry.sol", "MIN_INTERVAL", 86_400),
    (r"\|s' − s\| · 10,000 ≤ ([\d,]+) · s", "methodology/SupplyRegistry.sol", "MAX_STEP", 1),
    (r"refused to readers once `now − t > (\d+) days`", "methodology/SupplyRegistry.sol", "MAX_AGE", 86_400),
    (r"^\| `V` \| (\S+) \|", "staking/AccountedAssets.sol", "VIRTUAL", 1),
    (r"stakers have fewer than (\S+) share-wei", "staking/AccountedAssets.sol", "VIRTUAL", 1),
    (r"a share-wei worth a whole token costs (\S+) tokens", "staking/AccountedAssets.sol", "VIRTUAL", 1),
    (r"`MAX_COOLDOWN` \| (\d+) · DAY", "staking/StakedToken.sol", "MAX_COOLDOWN", 86_400),
    (r"is worth less than 0\.(\d{3}) of an index", "staking/FeeDistributor.sol", "MIN_STAKED", 10**15),
    (r"`A` \| held (\d+),", "points/PointsMath.sol", "HELD", 1),
    (r"`A` \| .*staked (\d+),", "points/PointsMath.sol", "STAKED", 1),
    (r"`A` \| .*locked (\d+) ", "points/PointsMath.sol", "LOCKED", 1),
    (r"`B` \| (\d+) \| what a dollar of staked SOSO adds", "points/PointsMath.sol", "BOOST", 1),
    (r"`RECORDING`, `CLAIMING` \| (\d+) days", "points/PointsLedger.sol", "_RECORDING", 86_400),
    (r"`RECORDING`, `CLAIMING` \| \d+ days, (\d+) days", "points/PointsLedger.sol", "_CLAIMING", 86_400),
    (r"Σ r\(a\) // (\d+)\) ", "points/PointsLedger.sol", "_REFERRER_PART", 1),
    (r"r\(a\) // (\d+) if a has a referrer", "points/PointsLedger.sol", "_REFEREE_PART", 1),
    (r"`SLOTS`, `LEAST_SAMPLES` \| (\d+),", "points/ReferencePrices.sol", "SLOTS", 1),
    (r"`SLOTS`, `LEAST_SAMPLES` \| \d+, (\d+)", "points/ReferencePrices.sol", "LEAST_SAMPLES", 1),
    (r"medians of (\d+) daily samples|An epoch has (\d+) slots", "points/ReferencePrices.sol", "SLOTS", 1),
    (r"At most (\d+) indexes: with", "points/ReferencePrices.sol", "_MAX_PAIRS", 1),
    (r"is (\d+) to \d+ characters|its word: (\d+) to", "points/ReferralRegistry.sol", "_MIN_LENGTH", 1),
    (r"is \d+ to (\d+) characters|its word: \d+ to (\d+)", "points/ReferralRegistry.sol", "_MAX_LENGTH", 1),
    (r"`C = T_in \+ (\d+) · d_in`", "rebalancing/AuctionMath.sol", "_LIFT", 1),
    (r"days since it\), ([\d,]+)\)", "rebalancing/AuctionMath.sol", "_MOST_DRIFT", 1),
    (r"Both tolerances are ([\d,]+) bp at most", "rebalancing/RebalancePlanner.sol", "_MAX_TOLERANCE", 1),
    (r"Tolerance bp, at most ([\d,]+): how far each", "rebalancing/RebalancePlanner.sol", "_MAX_TOLERANCE", 1),
    (
        r"@param premiumStart bp over the oracle price at the start, at most (\S+)$",
        "rebalancing/StoredTerms.sol",
        "t.premiumStart",
        1,
    ),
    (
        r"@param discountEnd bp under the oracle price at the end, at most (\d+)",
        "rebalancing/StoredTerms.sol",
        "t.discountEnd",
        1,
    ),
    (r"@param budget bp .* 1 to (\d+)$", "rebalancing/StoredTerms.sol", "t.budget", 1),
    (r"@param dust parts per million of NAV, 1 to (\d+)", "rebalancing/StoredTerms.sol", "t.dust", 1),
    (r"@param turnover bp of NAV .* 1 to (\S+)$", "rebalancing/StoredTerms.sol", "t.turnover", 1),
    (r"@param daily bp of NAV, 1 to ([\d,]+)", "rebalancing/StoredTerms.sol", "t.daily", 1),
    (r"@param band bp, 1 to ([\d,]+)", "rebalancing/StoredTerms.sol", "t.band", 1),
    (r"A leg may spend ([\d,]+) gas", "index/RouterSwaps.sol", "_LEG_GAS", 1),
    (r"The purchase hook has ([\d,]+) gas", "index/IndexRouter.sol", "_HOOK_GAS", 1),
)


def constant(file: str, name: str) -> int:
    """The value of a constant, or the most that a term may be, out of the text of a contract."""
    where = rf"{name} <= (\d+)" if name.startswith("t.") else rf"constant {name} = ([^;]+);"
    (text,) = re.findall(where, (ROOT / "contracts" / file).read_text())
    text = re.sub(r"uint256\(([^()]*)\)", r"(\1)", text).replace("_", "")
    text = re.sub(r"(\d+) (days|hours|minutes)", lambda found: str(int(found[1]) * _SECONDS[found[2]]), text)
    text = re.sub(r"([\d.]+)e(\d+)", lambda found: str(int(Fraction(found[1]) * 10 ** int(found[2]))), text)
    assert re.fullmatch(r"[\d\s()*/+-]+", text), text
    return int(eval(text.replace("/", "//")))  # digits and operators, as the line above asserts


def unbroken(path: Path) -> str:
    """A text without the ends of lines, since sentences go on over them.

    Rows of tables keep theirs; Solidity comes as it is, too.
    """
    text = path.read_text()
    if path.suffix == ".sol":
        return text + "\n" + re.sub(r"\n\s*/// (?!@)", " ", text)
    return re.sub(r"[ \t]*\n(?![|\n])[ \t]*", " ", text)


def number(text: str) -> int:
    """`1,000`, `2^35`, `10^16` and `1e16`."""
    found = re.fullmatch(r"([\d,]+)(?:\^(\d+))?", re.sub(r"^1e", "10^", text.rstrip(".,;")))
    assert found, text
    base, power = found.groups()
    return int(int(base.replace(",", "")) ** int(power or 1))


@pytest.mark.parametrize(
    ("says", "file", "name", "unit"), NUMBERS, ids=[f"{row[2]}-{n}" for n, row in enumerate(NUMBERS)]
)
def test_numbers_in_texts_are_those_in_the_code(says, file, name, unit):
    """A transfer was said to need 400,000 gas where the code gives 200,000.

    Each phrase is found in a text, and all texts agree.
    """
    texts = [
        ROOT / "README.md",
        ROOT / "SECURITY.md",
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "interfaces").glob("*.sol"),
    ]
    found = [
        (path.name, match[match.lastindex or 0])
        for path in texts
        for match in re.finditer(says, unbroken(path), re.MULTILINE)
    ]
    assert found, "no text says this any more: take the row out"
    wrong = [each for each in found if int(number(each[1]) * unit) != constant(file, name)]
    assert not wrong, f"{name} is {constant(file, name)}, but: {wrong}"


WORDS = (
    "none",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
)


def flat(name: str) -> str:
    """A page in one line."""
    return " ".join((ROOT / name).read_text().split())


def test_spans_of_averages_follow_from_their_window():
    """What the texts say about half an hour in nine parts, which no constant says by itself."""
    assets, feed = params.assets(), "oracle/UniswapV3TwapFeed.sol"
    (window,), parts = {twap.window for twap in assets.twaps.values()}, constant(feed, "_PARTS")
    part, block = window // parts, constant(feed, "_BLOCK")
    median, ends = (parts // 2 + 1) * part, (parts // 2 + 1 + constant(feed, "_TOUCHED")) * part
    for page, says in (
        ("SECURITY.md", f"{WORDS[part // block].capitalize()} blocks in a row move that median by less than a percent"),
        ("SECURITY.md", f"after a jump the feed gives no price for {ends:,} seconds"),
        (
            "SECURITY.md",
            (
                f"holds a pool off its price for {median:,} seconds moves the median by up to a percent, for {ends:,}"
                " seconds by more"
            ),
        ),
        ("docs/oracle-math.md", f"A window of `W` seconds ({window:,} as deployed, a multiple of {WORDS[parts]},"),
        ("docs/oracle-math.md", f"With {part} seconds a part this covers {part // block} blocks in a row"),
        ("docs/oracle-math.md", f"when {WORDS[ends // part]} parts lie behind the jump, after {ends:,} seconds"),
        (
            "docs/oracle-math.md",
            f"{WORDS[median // part]} parts ({median:,} seconds) has moved the median by up to a percent",
        ),
        ("docs/oracle-math.md", f"and with {WORDS[ends // part]} ({ends:,} seconds) by anything"),
        ("docs/oracle-math.md", f"fewer ({window // block + 1} for half an hour)"),
        (
            "docs/oracle-math.md",
            f"The needed window is {median:,} seconds for 1 %, {ends:,} for more. Silence lasts a part, {part} seconds",
        ),
    ):
        assert says in flat(page), f"{page} does not say: {says}"


def test_what_the_texts_count_is_there():
    """Tokens with two sources, ways to misbehave; and what it takes to move FLOKI, which the table of costs says to the
    dollar.
    """
    [capital] = re.findall(
        r"^\| FLOKI/WETH \| 0 \| 0 \| ([\d,]+),", (ROOT / "docs/oracle-math.md").read_text(), re.MULTILINE
    )
    assert f"moving FLOKI by a percent takes {round(int(capital.replace(',', '')), -3):,} USD of capital" in flat(
        "SECURITY.md"
    )
    twice = sum(asset.second is not None for asset in params.assets().assets.values())
    assert f"{WORDS[twice].capitalize()} tokens have both kinds of source" in flat("SECURITY.md")
    (quirks,) = re.findall(r"enum Quirk \{([^}]*)\}", (ROOT / "contracts/mocks/QuirkToken.sol").read_text())
    names = quirks.replace(",", " ").split()
    assert names[0] == "None"
    assert f"{WORDS[len(names) - 1]} misbehaving tokens" in flat("SECURITY.md")


_SYMBOLS = re.compile(r"^\| symbol \| in code \|.*\n\|[-|]+\n((?:\|.*\n)+)", re.MULTILINE)
# Where the code of a page about arithmetic is.
ARITHMETIC = {
    "index-math": ("index",),
    "locker-math": ("points",),
    "oracle-math": ("oracle",),
    "points-math": ("points",),
    "rebalancing-math": ("rebalancing",),
    "staking-math": ("staking", "tokens"),
    "weights-math": ("methodology", "oracle"),
}


def test_every_page_of_arithmetic_is_looked_at():
    assert set(ARITHMETIC) == {path.stem for path in (ROOT / "docs").glob("*-math.md")}


@pytest.mark.parametrize("page", ARITHMETIC)
def test_symbols_have_the_names_that_the_code_has(page):
    code = "\n".join(
        re.sub(r"//.*", "", path.read_text())
        for folder in ARITHMETIC[page]
        for path in (ROOT / "contracts" / folder).glob("*.sol")
    )
    (rows,) = _SYMBOLS.findall((ROOT / f"docs/{page}.md").read_text())
    names = [name for row in rows.splitlines() for name in re.findall(r"`([^`]+)`", row.split("|")[2])]
    assert len(names) > 5
    assert not [name for name in names if not re.search(rf"\b{name}\b", code)]
