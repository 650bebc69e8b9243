"""The documents say what the code and the tests do."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest

from ssi.build import ROOT

_ROW = re.compile(r"^\| ([A-Z]+\d+) \|", re.MULTILINE)
_CITED = re.compile(r"""["']([A-Z]+\d+)[ "':,.]""")


def test_every_invariant_is_asserted_by_its_id():
    """Or at the head of the test, where it asserts a revert. And no test cites an id that is not written down."""
    written = _ROW.findall((ROOT / "docs/invariants.md").read_text())
    assert len(written) == len(set(written)), "an id means one promise"
    cited = {found for path in (ROOT / "tests").rglob("*.py") for found in _CITED.findall(path.read_text())}
    assert set(written) <= cited, f"not asserted: {sorted(set(written) - cited)}"
    families = {name.rstrip("0123456789") for name in written}
    unknown = {name for name in cited if name.rstrip("0123456789") in families} - set(written)
    assert not unknown, f"not written down: {sorted(unknown)}"


GENERATED = "../reference/"  # pages that `make docs` makes; it fails where a link to one of them leads nowhere


def test_every_link_between_documents_leads_somewhere():
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "tests" / "README.md", *(ROOT / ".github").rglob("*.md")]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text())]
    assert len(links) > 10
    assert not [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists() and not link.startswith(GENERATED)]


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
    (r"linearly over (\d+) hours", "staking/Books.sol", "_VESTING", 3_600),
    (r"starts vesting over (\d+) hours", "staking/Books.sol", "_VESTING", 3_600),
    (
        r"streaming fee is a pure function of time\*\* \(at most (\d+) % a year",
        "index/IndexToken.sol",
        "_MAX_DAILY_FEE",
        Fraction(10**16, 365),
    ),
    (r"`MAX_DAILY_FEE` \| [^=|]*= ([\d,]+)", "index/IndexToken.sol", "_MAX_DAILY_FEE", 1),
    (r"mint fee is at most (\d+) %", "index/IndexToken.sol", "_MAX_MINT_FEE", 100),
    (r"@param mintFee bp, at most (\d+)", "index/IndexToken.sol", "_MAX_MINT_FEE", 1),
    (r"`MAX_MINT_FEE` \| (\d+)", "index/IndexToken.sol", "_MAX_MINT_FEE", 1),
    (r"@param supplyCap whole shares, at most (\S+)", "index/IndexToken.sol", "_MAX_SUPPLY_CAP", 1),
    (r"`MAX_CAP` \| (\S+)", "index/IndexToken.sol", "_MAX_SUPPLY_CAP", 1),
    (r"first mint also pays for (\S+) dead shares", "index/IndexToken.sol", "_DEAD_SHARES", 1),
    (r"`DEAD_SHARES` \| (\S+)", "index/IndexToken.sol", "_DEAD_SHARES", 1),
    (r"@param tokens constituents, 1 to (\d+)", "index/BasketLib.sol", "MAX_CONSTITUENTS", 1),
    (r"`MAX_CONSTITUENTS` \| (\d+)", "index/BasketLib.sol", "MAX_CONSTITUENTS", 1),
    (r"surplus vests evenly over (\d+) days", "index/IndexToken.sol", "_SURPLUS_VESTING", 86_400),
    (r"then it vests over (\d+) days", "index/IndexToken.sol", "_SURPLUS_VESTING", 86_400),
    (r"`VESTING` \| (\d+)", "index/IndexToken.sol", "_SURPLUS_VESTING", 86_400),
    (r"a transfer needs less than ([\d,]+) gas", "index/TolerantERC20.sol", "TRANSFER_GAS", 1),
    (r"`balanceOf` less than ([\d,]+)", "index/TolerantERC20.sol", "BALANCE_GAS", 1),
    (r"refused once it is (\d+) days old", "methodology/SupplyRegistry.sol", "MAX_AGE", 86_400),
    (r"in the (\d+) days after the week of recording", "points/PointsLedger.sol", "_CLAIMING", 86_400),
    (r"after those (\d+) days into the running", "points/PointsLedger.sol", "_CLAIMING", 86_400),
    (r"requests an unlock, then waits (\d+) days", "points/LpLocker.sol", "COOLDOWN", 86_400),
)


def constant(file: str, name: str) -> int:
    """The value of a constant, out of the text of a contract."""
    (text,) = re.findall(rf"constant {name} = ([^;]+);", (ROOT / "contracts" / file).read_text())
    text = re.sub(r"uint256\(([^()]*)\)", r"(\1)", text).replace("_", "")
    text = re.sub(r"(\d+) (days|hours|minutes)", lambda found: str(int(found[1]) * _SECONDS[found[2]]), text)
    text = re.sub(r"([\d.]+)e(\d+)", lambda found: str(int(Fraction(found[1]) * 10 ** int(found[2]))), text)
    assert re.fullmatch(r"[\d\s()*/+-]+", text), text
    return int(eval(text.replace("/", "//")))  # digits and operators, as the line above asserts


def unbroken(path: Path) -> str:
    """A text without the ends of lines and the marks of comments, since a sentence may be broken anywhere. Rows of tables keep theirs."""
    return re.sub(r"[ \t]*\n(?![|\n])[ \t]*(?:/// ?)?", " ", path.read_text())


def number(text: str) -> int:
    """`1,000`, `2^35`, `10^16` and `1e16`."""
    base, power = re.fullmatch(r"([\d,]+)(?:\^(\d+))?", re.sub(r"^1e", "10^", text.rstrip(".,;"))).groups()
    return int(base.replace(",", "")) ** int(power or 1)


@pytest.mark.parametrize(("says", "file", "name", "unit"), NUMBERS, ids=[f"{row[2]}-{n}" for n, row in enumerate(NUMBERS)])
def test_numbers_in_texts_are_those_in_the_code(says, file, name, unit):
    """A transfer was said to need 400,000 gas where the code gives 200,000. Each phrase is found in a text, and all texts agree."""
    texts = [ROOT / "README.md", ROOT / "SECURITY.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "interfaces").glob("*.sol")]
    found = [(path.name, match[1]) for path in texts for match in re.finditer(says, unbroken(path), re.MULTILINE)]
    assert found, "no text says this any more: take the row out"
    wrong = [each for each in found if int(number(each[1]) * unit) != constant(file, name)]
    assert not wrong, f"{name} is {constant(file, name)}, but: {wrong}"
