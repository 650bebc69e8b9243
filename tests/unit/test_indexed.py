"""Which indexer is asked, and what a person is told where it is not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest

from ssi.cli.indexed import indexed
from ssi.history import history
from ssi.indexer import past
from ssi.indexer.client import BEHIND, URL, Indexer, IndexerSilent
from ssi.places import ROOT
from ssi.registry.system import System

HEAD, TIME = 1_000, 1_700_000_000
INDEX, VAULT = "0x" + "Aa" * 20, "0x" + "bB" * 20


@pytest.fixture(autouse=True)
def isolated() -> None:
    """No chain is needed here."""


class Fake(ThreadingHTTPServer):
    """Answers as the engine does: `answers` by path, status and body."""

    def __init__(self) -> None:
        self.answers = {"/ready": (200, ""), "/status": (200, json.dumps(standing(HEAD))), "/sql/db": (200, known())}
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Fake

    def do_GET(self) -> None:
        status, body = self.server.answers[self.path.split("?")[0]]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def standing(block: int, chain_id: int = 1) -> dict[str, Any]:
    return {"main": {"id": chain_id, "block": {"number": block, "timestamp": TIME - 12 * (HEAD - block)}}}


def known(*tokens: str) -> str:
    return json.dumps({"rows": [{"address": token.lower()} for token in tokens or (INDEX, VAULT)]})


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    with Fake() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv(URL, server.url)
        yield server
        server.shutdown()


@pytest.fixture
def system() -> System:
    """A deployment on a chain whose last block is HEAD."""

    def block(_, number, __):
        number = int(number, 16)
        return None if number > HEAD else {"timestamp": hex(TIME - 12 * (HEAD - number))}

    evm: Any = SimpleNamespace(block=HEAD, rpc=SimpleNamespace(call=block))
    record: Any = SimpleNamespace(chain_id=1, indexes={"MAG7.ssi": INDEX}, staked={"MAG7.ssi": VAULT})
    return System(evm, None, record)


def test_none_is_asked_where_none_is_configured(system, monkeypatch, capsys):
    monkeypatch.delenv(URL, raising=False)
    assert indexed(system).indexer is None
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("behind", [-1, 0, BEHIND])
def test_one_that_keeps_up_is_asked(system, fake, capsys, behind):
    fake.answers["/status"] = (200, json.dumps(standing(HEAD - behind)))
    assert (found := indexed(system).indexer) is not None
    assert found.url == fake.url
    assert f"which stands at block {HEAD - behind:,}." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "answer", "why"),
    [
        ("/status", (200, json.dumps(standing(HEAD - BEHIND - 1))), "stands at block 974, 26 blocks (5 min) behind"),
        ("/status", (200, json.dumps(standing(HEAD, chain_id=5))), "follows chain 5, not 1"),
        ("/status", (200, json.dumps(standing(HEAD)).replace(str(TIME), str(TIME + 1))), "another block 1,000 than"),
        ("/sql/db", (200, known(VAULT)), f"follows another deployment: it does not know {INDEX}"),
        ("/sql/db", (200, '{"rows": [1]}'), "answers with what was not asked for"),
        ("/sql/db", (403, "too dear"), "refuses a question (HTTP 403: too dear)"),
        ("/status", (200, "<html>"), "does not say where it stands"),
        ("/status", (200, "{}"), "does not say where it stands"),
        ("/ready", (503, ""), "is still reading the chain for the first time"),
    ],
)
def test_one_that_does_not_is_passed_over(system, fake, capsys, path, answer, why):
    fake.answers[path] = answer
    assert indexed(system).indexer is None
    said = capsys.readouterr().err
    assert why in said
    assert "The chain is read instead" in said


def test_one_that_is_gone_is_passed_over_and_its_password_is_not_shown(system, monkeypatch, capsys):
    monkeypatch.setenv(URL, "http://user:secret@127.0.0.1:1/path")
    assert indexed(system).indexer is None
    said = capsys.readouterr().err
    assert "http://127.0.0.1:1 does not answer" in said
    assert "secret" not in said


@pytest.mark.parametrize("answer", [(500, "Invalid query"), (200, "[]"), (200, "no json")])
def test_a_refused_question_is_an_error_with_what_was_said(fake, answer):
    fake.answers["/sql/db"] = answer
    with pytest.raises(IndexerSilent, match=r"refuses a question \(HTTP"):
        Indexer(fake.url).rows("select 1")


@pytest.mark.parametrize(
    ("read", "row"),
    [
        (lambda indexer: past.pots(indexer, 3), {"token": "a pot"}),
        (lambda indexer: past.pots(indexer, 3), {"epoch": 3}),
        (lambda indexer: list(past.points(indexer, 3, 0, 1, [past.Priced(INDEX, "held", 1)])), {"address": INDEX}),
        (
            lambda indexer: list(past.points(indexer, 3, 0, 1, [past.Priced(INDEX, "held", 1)])),
            {"address": INDEX, "points": "many", "recorded": "0"},
        ),
    ],
)
def test_an_answer_that_is_none_is_an_error(fake, read, row):
    fake.answers["/sql/db"] = (200, json.dumps({"rows": [row]}))
    with pytest.raises(IndexerSilent, match="answers with what was not asked for"):
        read(Indexer(fake.url))


def test_pages_are_read_to_their_end_by_key(fake, monkeypatch):
    """The next page begins after the last row's key."""
    monkeypatch.setattr("ssi.indexer.client.PAGE", 2)
    pages = [[{"a": "1", "b": 1}, {"a": "1", "b": 2}], [{"a": "2", "b": 1}]]
    asked = []

    def rows(sql, *given):
        asked.append((sql, given))
        return pages[len(asked) - 1]

    indexer = Indexer(fake.url)
    monkeypatch.setattr(indexer, "rows", rows)
    assert list(indexer.every("t", ("a", "b"))) == [*pages[0], *pages[1]]
    assert asked[1] == ("select * from t where true and (a, b) > ($1, $2) order by a, b limit 2", ("1", "2"))


@pytest.mark.parametrize(
    "read",
    [
        lambda indexer: past.happenings(indexer, INDEX),
        lambda indexer: list(past.points(indexer, 3, 0, 1, [past.Priced(INDEX, "held", 1)])),
        lambda indexer: list(indexer.every("t", ("address", "block"))),
    ],
)
def test_the_same_page_again_is_no_next_page(fake, monkeypatch, read):
    """Otherwise an indexer, or a cache before it, could keep a command busy for ever."""
    for module in ("client", "past"):
        monkeypatch.setattr(f"ssi.indexer.{module}.PAGE", 1)
    row = {"address": INDEX.lower(), "block": "1", "log": 2, "points": "0", "recorded": "0"}
    fake.answers["/sql/db"] = (200, json.dumps({"rows": [row]}))
    with pytest.raises(IndexerSilent, match=r"the same page again|the next page is no later one"):
        read(Indexer(fake.url))


@pytest.mark.parametrize(
    ("said", "waited"), [("30", 31), ("", 11), ("-5", 11), ("soon", 11), ("99999999", 61), ("²", 11)]
)
def test_it_waits_as_long_as_it_is_told_but_a_minute_at_most(monkeypatch, said, waited):
    slept: list[int] = []
    answers = [SimpleNamespace(status_code=429, headers={"RateLimit-Reset": said} if said else {})]
    answers.append(SimpleNamespace(status_code=200, content=b'{"rows": []}'))
    monkeypatch.setattr("ssi.indexer.client.session", lambda **_: SimpleNamespace(get=lambda *_, **__: answers.pop(0)))
    monkeypatch.setattr("ssi.indexer.client.time.sleep", slept.append)
    assert Indexer("http://127.0.0.1").rows("select 1") == []
    assert slept == [waited]


def test_a_refusal_cannot_move_the_cursor_of_a_terminal(fake):
    fake.answers["/sql/db"] = (403, "too\x1b[2Jdear")
    with pytest.raises(IndexerSilent, match=re.escape("(HTTP 403: too [2Jdear)")):
        Indexer(fake.url).rows("select 1")


def test_what_stands_for_a_transaction_is_its_hash(fake, monkeypatch):
    row = {"contract": "PointsLedger", "event": "Joined", "values": {"account": INDEX}, "block": "1", "log": 2}
    row |= {"time": "3", "transaction": "[red]all is well"}
    contract = SimpleNamespace(interface={"Joined": SimpleNamespace(inputs=[{"name": "account", "type": "address"}])})
    monkeypatch.setattr("ssi.history._contracts", lambda _: {"PointsLedger": ("points", contract)})
    holder: Any = SimpleNamespace(system=SimpleNamespace(indexer=Indexer(fake.url)))
    fake.answers["/sql/db"] = (200, json.dumps({"rows": [row]}))
    with pytest.raises(IndexerSilent, match="no hash of a transaction"):
        history(holder, INDEX)
    fake.answers["/sql/db"] = (200, json.dumps({"rows": [row | {"transaction": "0x" + "0a" * 32}]}))
    (happened,) = history(holder, INDEX)
    assert happened.transaction == "0x" + "0a" * 32


def test_the_web_app_is_as_patient():
    (said,) = re.findall(r"export const BEHIND = (\d+)n;", (ROOT / "app/src/data/indexer.ts").read_text())
    assert int(said) == BEHIND
