"""A release is the same twice, says what it is made of, and comes from where it says."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from ssi.build import ROOT
from tools import bill, release

PINNED = re.compile(r"^[\w.-]+/[\w.-]+@[0-9a-f]{40}$")


@pytest.fixture(autouse=True)
def isolated() -> None:
    """Nothing here needs a chain."""


def test_there_is_one_version():
    for package in ("package.json", "app/package.json", "indexer/package.json"):
        assert json.loads((ROOT / package).read_text())["version"] == release.version(), package


def test_an_archive_depends_on_its_content_alone(tmp_path):
    """Not on times, modes, or the order in which files were written."""
    for place, names in (("one", ("a", "b/c")), ("two", ("b/c", "a"))):
        for name in names:
            path = tmp_path / place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
            os.utime(path, (len(names[0]), len(names[0])))
            path.chmod(0o600 if place == "one" else 0o644)
    made = [
        release.archive(tmp_path / place, tmp_path / f"{place}-out" / "x.tar.gz", 7).read_bytes()
        for place in ("one", "two")
        if (tmp_path / f"{place}-out").mkdir() is None
    ]
    assert made[0] == made[1]
    (tmp_path / "two" / "a").write_text("another")
    assert release.archive(tmp_path / "two", tmp_path / "two-out" / "x.tar.gz", 7).read_bytes() != made[0]


def test_checksums_are_those_that_a_stranger_checks(tmp_path):
    (tmp_path / "a").write_text("a")
    (tmp_path / release.SUMS).write_text(release.checksums(tmp_path))
    check = ["sha256sum", "--check", "--strict", release.SUMS]
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    (tmp_path / "a").write_text("b")
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode == 1


def test_the_bill_names_every_locked_package_with_a_hash():
    components = {component["purl"]: component for component in bill.bill("1")["components"]}
    locked = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", (ROOT / "requirements.lock").read_text(), re.M)
    assert len(locked) > 100
    assert {f"pkg:pypi/{name.lower().replace('_', '-')}@{version}" for name, version in locked} <= components.keys()
    bundled = set[str]()
    for folder in bill.NODE:
        packages = json.loads((ROOT / folder / "package-lock.json").read_text())["packages"]
        entries = [(place, entry) for place, entry in packages.items() if place]
        for place, entry in entries:
            name, version = entry.get("name") or place.rpartition("node_modules/")[2], entry["version"]
            purl = f"pkg:npm/{name.replace('@', '%40', 1)}@{version}"
            assert purl in components, folder
            bundled |= {purl} if entry.get("inBundle") else set()
    assert {purl for purl, component in components.items() if not component["hashes"]} <= bundled
    assert bill.bill("1") == bill.bill("1")


def test_a_tag_wants_its_section_in_the_changelog():
    text = "# Changelog\n\n## Unreleased\n\n* c\n\n## 1.2.0\n\n* b\n\n## 1.1.0\n\n* a\n"
    assert release.notes("1.2.0", text) == "* b\n"
    for missing in ("1.2", "2.0.0", "1.2.0-rc1"):
        with pytest.raises(RuntimeError, match=re.escape(missing)):
            release.notes(missing, text)
    assert release.main(["--tag", "v9.9.9"]) == 1


@pytest.mark.parametrize("path", sorted((ROOT / ".github/workflows").glob("*.yml")), ids=lambda path: path.name)
def test_workflows_pin_actions_and_may_little(path: Path):
    """By commit; nothing may write but the one job that publishes."""
    flow = yaml.safe_load(path.read_text())
    assert flow["permissions"] in ({}, {"contents": "read"})
    for name, job in flow["jobs"].items():
        allowed = {"contents": "write"} if name == "publish" else {"contents": "read"}
        assert job.get("permissions", allowed) == allowed, name
        for step in job["steps"]:
            assert "uses" not in step or PINNED.match(step["uses"]), step
            assert "${{" not in step.get("run", ""), "what a stranger names does not get into a shell"
