"""What others install, tried by two projects that are not this one: an Ape project (`tests/foreign/ape`) and a
TypeScript and Solidity project (`tests/foreign/npm`).

Nothing here needs the fork of this suite.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ssi.build import ROOT
from ssi.chain.evm import labelled
from tests.support.sources import mocks
from tools import npm_package, packages

FOREIGN = ROOT / "tests" / "foreign"
TSC = FOREIGN / "npm" / "node_modules" / "typescript" / "bin" / "tsc"


def run(*command: str | Path, **how: Any) -> str:
    """What it said. Fails with it where the command does."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **how)
    assert not done.returncode, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(autouse=True)
def isolated() -> None:
    """Instead of the suite's own, which would touch its fork."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return packages.wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh virtual environment with the wheel in it.

    Its other packages are those of this environment.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder)
    interpreter = folder / "bin" / "python"
    site = run(interpreter, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    Path(site, "locked.pth").write_text(sysconfig.get_path("purelib") + "\n")
    run(sys.executable, "-m", "pip", "--python", interpreter, "install", "--quiet", "--no-deps", "--no-index", wheel)
    return interpreter


@pytest.fixture
def outside(tmp_path: Path) -> dict[str, str]:
    """An environment in which nothing points to this checkout or to the fork of this suite."""
    ours = ("PYTHONPATH", "APE_FOUNDRY_HOST", "MAINNET_RPC_URL")
    kept = {name: value for name, value in os.environ.items() if name not in ours and not name.startswith("SSI_")}
    return kept | {"APE_DATA_FOLDER": str(tmp_path / "ape-data")}


# ---------------------------------------------------------------- Python


def test_a_foreign_ape_project_gets_the_protocol(python, outside, tmp_path):
    """Its own tests pass: it buys, stakes, lets time pass and moves prices on a fork that `ssi.testing` started."""
    project = shutil.copytree(FOREIGN / "ape", tmp_path / "project")
    said = run(python, "-c", "from ape._cli import cli; cli()", "test", "-q", cwd=project, env=outside)
    assert re.search(r"\b8 passed\b", said), said


def test_an_installed_ssi_reads_parameters_and_writes_where_it_is_used(python, outside, tmp_path):
    ask = """
from ssi import places
from ssi.registry import params, record
print([index.symbol for index in params.indexes()], places.params().is_relative_to(places.ROOT))
print(places.records(), places.state("x"))
print(record.Record.load("ethereum-mainnet", 1).path)
"""
    said = run(python, "-c", ask, cwd=tmp_path, env=outside)
    symbols = [
        json.loads(path.read_text())["symbol"] for path in sorted((ROOT / "deployments/params/indexes").glob("*.json"))
    ]
    assert said.splitlines() == [
        f"{symbols} True",
        f"{tmp_path}/deployments {tmp_path}/build/x",
        f"{tmp_path}/deployments/ethereum-mainnet.json",
    ]


def test_parameters_can_be_elsewhere(python, outside, tmp_path):
    elsewhere = shutil.copytree(ROOT / "deployments" / "params", tmp_path / "mine")
    protocol = json.loads((elsewhere / "protocol.json").read_text())
    (elsewhere / "protocol.json").write_text(json.dumps(protocol | {"epochLength": 777}))
    ask = "from ssi.registry import params; print(params.protocol().epoch_length)"
    assert run(python, "-c", ask, cwd=tmp_path, env=outside | {"SSI_PARAMS": str(elsewhere)}) == "777\n"


def test_without_what_is_compiled_the_package_says_what_to_do(python, outside, tmp_path):
    ask = """
from pathlib import Path
from ssi import build
try:
    build.Packaged(Path("missing"))
except FileNotFoundError as error:
    print(error)
"""
    assert "make packages" in run(python, "-c", ask, cwd=tmp_path, env=outside)


def test_the_wheel_has_what_it_should_and_no_more(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"ssi", "forks", "minimainnet"}
    assert {
        f"ssi/data/{name}"
        for name in (
            "contracts.json.gz",
            "IERC20Metadata.json",
            "minimainnet.json.gz",
            "standins.json",
            "uplot-uPlot.iife.min.js",
            "uplot-LICENSE",
        )
    } < set(names)
    assert "ssi/py.typed" in names
    contracts = json.loads(gzip.decompress(zipfile.ZipFile(wheel).read("ssi/data/contracts.json.gz")))
    assert "IndexToken" in contracts
    assert not mocks() & set(contracts)
    assert not [name for name in names if name.endswith("-fork.json") or "__pycache__" in name]


# ---------------------------------------------------------------- npm


RECORD = {
    "chain_id": 1,
    "contracts": {"IndexRouter": labelled("router")},
    "indexes": {"MAG7.ssi": labelled("MAG7")},
    "staked": {"MAG7.ssi": labelled("sMAG7"), "SOSO": labelled("sSOSO")},
}


def consumer(folder: Path, built: Sequence[Path]) -> Path:
    """The foreign project with the package as npm would unpack it."""
    project = shutil.copytree(FOREIGN / "npm", folder / "project", ignore=shutil.ignore_patterns("node_modules"))
    (archive,) = (path for path in built if path.suffix == ".tgz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    (project / "node_modules" / "@openzeppelin").mkdir(parents=True)
    shutil.move(folder / "package", project / "node_modules" / npm_package.NAME)
    (project / "node_modules/@openzeppelin/contracts").symlink_to(ROOT / "node_modules/@openzeppelin/contracts")
    return project


def deployments(folder: Path, *records: Mapping[str, Any]) -> Path:
    (folder / "deployments").mkdir()
    (folder / "deployments" / "ethereum-mainnet-fork.json").write_text("{}")
    for number, record in enumerate(records):
        (folder / "deployments" / f"ethereum-{number}.json").write_text(json.dumps(record))
    return folder / "deployments"


@pytest.fixture(scope="module")
def unreleased(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it is while nothing is deployed on a live network."""
    folder = tmp_path_factory.mktemp("npm")
    return consumer(folder, npm_package.build(folder, deployments(folder)))


def test_typescript_checks_names_and_mutability(unreleased):
    """Also that what is marked as an error in the consumer is one."""
    run("node", TSC, "-p", ".", cwd=unreleased)
    said = json.loads(
        run(
            "node", "-e", "import('./out/consumer.js').then(it => console.log(JSON.stringify(it.said)))", cwd=unreleased
        )
    )
    assert said["chains"] == []
    assert said["weth"] == json.loads((ROOT / "deployments/params/protocol.json").read_text())["contracts"]["weth"]


@pytest.mark.parametrize("compiler", ["solc", "solc-0.8.17"])
def test_solidity_compiles_against_the_interfaces(unreleased, compiler):
    """By the compiler of this repository, and by the oldest that the package promises."""
    script = """
const fs = require("fs"), solc = require(process.argv[1]);
const settings = { outputSelection: { "*": { "*": ["abi"] } } };
const sources = { "Holder.sol": { content: fs.readFileSync("Holder.sol", "utf8") } };
const input = { language: "Solidity", sources, settings };
const read = (file) => ({ contents: fs.readFileSync("node_modules/" + file, "utf8") });
const out = JSON.parse(solc.compile(JSON.stringify(input), { import: read }));
const errors = (out.errors || []).filter((each) => each.severity === "error").map((each) => each.formattedMessage);
if (errors.length) { console.error(errors.join("\\n")); process.exit(1); }
console.log(Object.keys(out.contracts["Holder.sol"]));
"""
    assert "Holder" in run("node", "-e", script, ROOT / "node_modules" / compiler, cwd=unreleased)


def test_while_nothing_is_live_the_package_says_so(unreleased):
    package = unreleased / "node_modules" / npm_package.NAME
    assert "Nothing is deployed on a live network yet" in (package / "README.md").read_text()
    assert not (package / "tokenlist.json").exists()
    assert "export const addresses = {};" in (package / "index.js").read_text().splitlines()


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Folder and foreign project of the package as it would be with a deployment on mainnet."""
    folder = tmp_path_factory.mktemp("live")
    return folder, consumer(folder, npm_package.build(folder, deployments(folder, RECORD)))


def test_a_live_deployment_is_in_addresses_and_token_list(released):
    folder, project = released
    (project / "live.ts").write_text(
        'import { addresses } from "ssi-protocol";\n'
        f'export const mag7: "{labelled("MAG7")}" = addresses[1].indexes["MAG7.ssi"];\n'
        f'export const router: "{labelled("router")}" = addresses[1].contracts.IndexRouter;\n'
        "// @ts-expect-error it is not deployed\n"
        'export const none = addresses[1].indexes["MAG8.ssi"];\n'
    )
    run("node", TSC, "-p", ".", cwd=project)
    listed = json.loads((folder / "tokenlist.json").read_text())
    assert [(token["symbol"], token["name"], token["address"]) for token in listed["tokens"]] == [
        ("MAG7.ssi", "MAG7 Index", labelled("MAG7")),
        ("sMAG7.ssi", "Staked MAG7 Index", labelled("sMAG7")),
        ("sSOSO", "Staked SOSO", labelled("sSOSO")),
    ]


@pytest.mark.parametrize("broken", [None, {"symbol": "a symbol with spaces"}, {"address": "0x1"}, {"decimals": -1}])
def test_the_token_list_is_what_its_schema_wants(released, broken):
    listed = json.loads((released[0] / "tokenlist.json").read_text())
    if broken:
        listed["tokens"][0] |= broken
    script = """
const list = JSON.parse(require("fs").readFileSync(0));
const schema = require("@uniswap/token-lists/src/tokenlist.schema.json");
const ajv = new (require("ajv"))({ allErrors: true });
console.log(ajv.validate(schema, list), JSON.stringify(ajv.errors));
"""
    said = run("node", "-e", script, input=json.dumps(listed), cwd=FOREIGN / "npm")
    assert said.startswith("false" if broken else "true"), said
