"""Bytecode always belongs to the sources, and both build files say the same."""

import json
import shutil
import sys
from pathlib import Path

import pytest
import yaml
from ape import Project
from ape.exceptions import CompilerError

from ssi.build import ROOT, STAMP, fingerprints, fresh_project, stale

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HEAD = "// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;\n"
BASE = HEAD + "abstract contract Base {{ function n() public pure returns (uint256) {{ return {n}; }} }}\n"
CHILD = HEAD + 'import {Base} from "./Base.sol";\ncontract Child is Base {}\n'


def make_project(folder: Path) -> Project:
    (folder / "contracts").mkdir()
    (folder / "interfaces").mkdir()
    (folder / "contracts/Base.sol").write_text(BASE.format(n=1))
    (folder / "contracts/Child.sol").write_text(CHILD)
    config = yaml.safe_load((ROOT / "ape-config.yaml").read_text())
    config["solidity"].pop("import_remapping")
    (folder / "ape-config.yaml").write_text(yaml.safe_dump(config))
    shutil.copy(ROOT / "package-lock.json", folder)
    return Project(folder)


def code(project: Project) -> bytes:
    return bytes(project.Child.contract_type.deployment_bytecode.to_bytes())


def test_an_edited_base_contract_recompiles_its_children(tmp_path):
    project = make_project(tmp_path)
    first = code(fresh_project(project))

    (tmp_path / "contracts/Base.sol").write_text(BASE.format(n=2))
    stale = Project(tmp_path)
    stale.load_contracts()
    assert code(stale) == first, "Ape now recompiles by itself: the guard may go"
    assert code(fresh_project(Project(tmp_path))) != first


def test_the_guard_compiles_nothing_twice(tmp_path):
    project = fresh_project(make_project(tmp_path))
    stamp = tmp_path / STAMP
    before = stamp.stat().st_mtime_ns
    fresh_project(project)
    assert stamp.stat().st_mtime_ns == before
    assert json.loads(stamp.read_text()) == fingerprints(tmp_path)


def test_only_what_an_edit_reaches_is_stale(tmp_path):
    fresh_project(make_project(tmp_path))
    assert stale(tmp_path) == []

    child = tmp_path / "contracts/Child.sol"
    child.write_text(child.read_text() + "// more\n")
    assert stale(tmp_path) == ["contracts/Child.sol"]

    (tmp_path / "contracts/Base.sol").write_text(BASE.format(n=3))
    assert stale(tmp_path) == ["contracts/Base.sol", "contracts/Child.sol"]
    (tmp_path / "package-lock.json").write_text("{}")
    assert stale(tmp_path) == ["contracts/Base.sol", "contracts/Child.sol"]


def test_what_does_not_compile_stays_stale(tmp_path):
    project = fresh_project(make_project(tmp_path))
    child = tmp_path / "contracts/Child.sol"
    good = child.read_text()
    child.write_text(good.replace("is Base", "is Bass"))
    with pytest.raises(CompilerError):
        fresh_project(Project(tmp_path))
    assert stale(tmp_path) == ["contracts/Child.sol"]

    child.write_text(good)
    assert code(fresh_project(Project(tmp_path))) == code(project)


def test_a_file_compiled_alone_equals_that_of_a_whole_build(tmp_path):
    """To the last byte: the hash of the settings stands at the end of the code, and a deployment may follow an edit."""
    library = HEAD + 'import {{{name}}} from "{path}/{name}.sol";\ncontract Uses{name} {{}}\n'
    for name, path in (("Context", "@openzeppelin/contracts/utils"), ("LibBit", "solady/src/utils")):
        for folder in ("whole", "edited"):
            (tmp_path / folder / "contracts").mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / f"contracts/Uses{name}.sol").write_text(library.format(name=name, path=path))
    for folder in ("whole", "edited"):
        for file in ("ape-config.yaml", "package-lock.json"):
            shutil.copy(ROOT / file, tmp_path / folder)
        (tmp_path / folder / "node_modules").symlink_to(ROOT / "node_modules")
    edited = tmp_path / "edited/contracts/UsesLibBit.sol"
    final = edited.read_text()
    edited.write_text(final + "// one more line\n")
    fresh_project(Project(tmp_path / "edited"))
    edited.write_text(final)
    assert stale(tmp_path / "edited") == ["contracts/UsesLibBit.sol"]

    whole, again = fresh_project(Project(tmp_path / "whole")), fresh_project(Project(tmp_path / "edited"))
    for name in ("UsesContext", "UsesLibBit"):
        codes = [bytes(getattr(it, name).contract_type.deployment_bytecode.to_bytes()) for it in (whole, again)]
        assert codes[0] == codes[1], f"{name} tells of other settings"


def test_foundry_mirrors_the_build_of_record():
    ape = yaml.safe_load((ROOT / "ape-config.yaml").read_text())["solidity"]
    forge = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]["default"]
    assert forge["solc"].endswith(f"solc-v{ape['version']}")
    assert forge["evm_version"] == ape["evm_version"] == "cancun"
    assert (forge["via_ir"], forge["optimizer"], forge["optimizer_runs"]) == (
        ape["via_ir"],
        ape["optimize"],
        ape["optimization_runs"],
    )
    assert forge["remappings"] == ape["import_remapping"]
