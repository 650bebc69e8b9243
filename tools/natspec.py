"""Pages about the contracts' interfaces, from the compiler's own `devdoc`, `userdoc` and ABI: one page an interface.

Nothing is parsed by hand but the documentation of structs, which the compiler leaves out of its output and keeps in the
tree.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = "reference/contracts"
_SOLC = ROOT / "tools" / "solc" / "solc-v0.8.37"
_MUTABILITY = {"view": "view", "pure": "pure", "payable": "payable", "nonpayable": ""}


@dataclass(frozen=True)
class DocumentedInterface:
    """One interface, as the compiler describes it. `bases` are names; `structs` are nodes of the syntax tree."""

    name: str
    file: str
    abi: list[dict[str, Any]]
    dev: dict[str, Any]
    user: dict[str, Any]
    bases: tuple[str, ...]
    structs: tuple[dict[str, Any], ...]


class CompilerError(Exception):
    """The interfaces do not compile. `args` hold what the compiler says."""


def compiled(root: Path = ROOT) -> dict[str, DocumentedInterface]:
    """All interfaces of `interfaces/` by name, those of other protocols (`interfaces/external`) left out.

    Raises:
        CompilerError: they do not compile.
    """
    paths = sorted((root / "interfaces").glob("*.sol"))
    question = {
        "language": "Solidity",
        "sources": {str(path.relative_to(root)): {"content": path.read_text()} for path in paths},
        "settings": {
            "remappings": ["@openzeppelin/contracts=node_modules/@openzeppelin/contracts"],
            "outputSelection": {"*": {"*": ["abi", "devdoc", "userdoc"], "": ["ast"]}},
        },
    }
    done = subprocess.run(
        ["node", str(_SOLC), "--standard-json", "--base-path", str(root)],
        input=json.dumps(question), capture_output=True, text=True, check=True,
    )  # fmt: skip
    answer = json.loads(done.stdout)
    if errors := [each["formattedMessage"] for each in answer.get("errors", ()) if each["severity"] == "error"]:
        raise CompilerError(*errors)
    found = {}
    for path in paths:
        file = str(path.relative_to(root))
        for node in answer["sources"][file]["ast"]["nodes"]:
            if node["nodeType"] != "ContractDefinition":
                continue
            output = answer["contracts"][file][node["name"]]
            found[node["name"]] = DocumentedInterface(
                node["name"], file, output["abi"], output["devdoc"], output["userdoc"],
                tuple(base["baseName"]["name"] for base in node["baseContracts"]),
                tuple(each for each in node["nodes"] if each["nodeType"] == "StructDefinition"),
            )  # fmt: skip
    return found


def signature(entry: dict[str, Any]) -> str:
    """As the compiler writes it: `mint(uint256,address)`."""
    return f"{entry['name']}({','.join(_canonical(each) for each in entry['inputs'])})"


def _canonical(parameter: dict[str, Any]) -> str:
    kind = str(parameter["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_canonical(each) for each in parameter['components'])}){kind.removeprefix('tuple')}"


def _declared(parameter: dict[str, Any]) -> str:
    """The type as a reader knows it: the struct's or enum's name instead of its parts."""
    return _short(str(parameter.get("internalType") or parameter["type"]))


def _short(kind: str) -> str:
    return re.sub(r"^(struct|enum|contract) (\w+\.)?", "", kind)


def _list(parameters: list[dict[str, Any]]) -> str:
    """Parameters between the brackets of a declaration."""
    words = ((_declared(each), "indexed" if each.get("indexed") else "", str(each["name"])) for each in parameters)
    return ", ".join(" ".join(word for word in three if word) for three in words)


def _text(text: str) -> str:
    """NatSpec as Markdown. `{x}` stays what it is: a unit or a name. The compiler joins two `@dev` without a space."""
    return re.sub(r"(?<=\S)(?=Warning:)", " ", re.sub(r"\s*\n\s*", " ", text)).strip()


def _cell(text: str) -> str:
    return _text(text).replace("|", "\\|")


def page(interface: DocumentedInterface, every: dict[str, DocumentedInterface]) -> str:
    """The Markdown page of an interface. What it inherits from another interface of `every` stands on that
    one's page.
    """
    bases = [every[name] for name in interface.bases if name in every]
    inherited = {(entry["type"], signature(entry)) for base in bases for entry in base.abi if "name" in entry}
    own = [entry for entry in interface.abi if "name" in entry and (entry["type"], signature(entry)) not in inherited]
    lines = [f"# {interface.name}", ""]
    if title := interface.dev.get("title"):
        lines += [f"**{_text(title)}.**", ""]
    lines += [f"From `{interface.file}`.", ""]
    for text in (interface.user.get("notice"), interface.dev.get("details")):
        if text:
            lines += [_text(text), ""]
    for base in interface.bases:
        known = f"[{base}]({base}.md)" if base in every else f"`{base}`"
        lines += [f"It has everything of {known} as well.", ""]
    for heading, kind, docs in (
        ("Functions", "function", "methods"),
        ("Events", "event", "events"),
        ("Errors", "error", "errors"),
    ):
        entries = sorted((entry for entry in own if entry["type"] == kind), key=lambda entry: str(entry["name"]))
        if entries:
            lines += [f"## {heading}", ""]
        for entry in entries:
            lines += _entry(entry, kind, *_described(interface, docs, signature(entry)))
    if interface.structs:
        lines += ["## Structs", ""]
        for struct in sorted(interface.structs, key=lambda node: str(node["name"])):
            lines += _struct(struct)
    return "\n".join(lines).rstrip() + "\n"


def _described(interface: DocumentedInterface, docs: str, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What developers and users are told. An error can be declared more than once, so the compiler gives a
    list for it.
    """
    dev, user = interface.dev.get(docs, {}).get(name, {}), interface.user.get(docs, {}).get(name, {})
    return (dev[0] if isinstance(dev, list) else dev), (user[0] if isinstance(user, list) else user)


def _entry(entry: dict[str, Any], kind: str, dev: dict[str, Any], user: dict[str, Any]) -> Iterator[str]:
    told = dev.get("params", {})
    head = f"{kind} {entry['name']}({_list(entry['inputs'])})"
    if kind == "function":
        head = " ".join(part for part in (head, "external", _MUTABILITY[entry["stateMutability"]]) if part)
        if entry["outputs"]:
            head += f" returns ({_list(entry['outputs'])})"
    yield from (f"### {entry['name']}", "", "```solidity", head, "```", "")
    for text in (user.get("notice"), dev.get("details")):
        if text:
            yield from (_text(text), "")
    rows = [(each["name"], _declared(each), told.get(each["name"], "")) for each in entry["inputs"] if each["name"]]
    returned = dev.get("returns", {})
    rows += [
        (f"returns {each['name']}".strip(), _declared(each), returned.get(each["name"] or f"_{number}", ""))
        for number, each in enumerate(entry.get("outputs", ()))
    ]
    yield from _table([row for row in rows if row[2]])


def _struct(node: dict[str, Any]) -> Iterator[str]:
    text = (node.get("documentation") or {}).get("text", "")
    tags = {"notice": "", "dev": ""}
    members = dict[str, str]()
    for tag, rest in re.findall(
        r"(?:^|\n)\s*@(\w+)\s+((?:(?!\n\s*@).|\n(?!\s*@))*)", text if "@" in text else f"@notice {text}"
    ):
        if tag == "param":
            name, _, told = rest.partition(" ")
            members[name] = told
        elif tag in tags:
            tags[tag] = rest
    yield from (f"### {node['name']}", "")
    for each in tags.values():
        if each.strip():
            yield from (_text(each), "")
    types = {each["name"]: _short(each["typeDescriptions"]["typeString"]) for each in node["members"]}
    yield from _table([(name, kind, members.get(name, "")) for name, kind in types.items()])


def _table(rows: list[tuple[str, str, str]]) -> Iterator[str]:
    if rows:
        yield from ("| name | type | meaning |", "|---|---|---|")
        yield from (f"| `{name}` | `{kind}` | {_cell(text)} |" for name, kind, text in rows)
        yield ""


def index(every: dict[str, DocumentedInterface]) -> str:
    """The page that lists all others."""
    lines = [
        "# Interfaces",
        "",
        "Every public function, event, error and struct of the contracts, from their own documentation.",
        "Units: `{share}` and `{tok}` are wei of a share and of a token. `D18` and `D27` are fixed-point numbers",
        "with so many decimals.",
        "",
        "| interface | what it is |",
        "|---|---|",
    ]
    for name in sorted(every):
        about = every[name].dev.get("title") or every[name].user.get("notice") or every[name].dev.get("details") or ""
        lines.append(f"| [{name}]({name}.md) | {_cell(about)} |")
    return "\n".join(lines) + "\n"


def pages(root: Path = ROOT) -> dict[str, str]:
    """All pages by their path under the documentation folder.

    Raises:
        CompilerError: the interfaces do not compile.
    """
    every = compiled(root)
    found = {f"{FOLDER}/{name}.md": page(interface, every) for name, interface in every.items()}
    return {f"{FOLDER}/index.md": index(every), **found}
