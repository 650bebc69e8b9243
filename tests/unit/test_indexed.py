"""Which indexer is asked, and what a person is told where it is not."""

from __future__ import annotations

import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace

import pytest

from ssi.cli.indexed import BEHIND, indexed
from ssi.indexer.client import URL, Indexer, IndexerSilent
from ssi.places import ROOT

HEAD = 1_000


@pytest.fixture(autouse=True)
def isolated():
    """No chain is needed here."""


class Fake(ThreadingHTTPServer):
    """Answers as the engine does: `answers` by path, status and body."""

    def __init__(self) -> None:
        self.answers = {"/ready": (200, ""), "/status": (200, json.dumps(standing(HEAD)))}
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, body = self.server.answers[self.path.split("?")[0]]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def standing(block, chain_id=1):
    return {"main": {"id": chain_id, "block": {"number": block, "timestamp": 1_700_000_000}}}


@pytest.fixture
def fake(monkeypatch):
    with Fake() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv(URL, server.url)
        yield server
        server.shutdown()


@pytest.fixture
def system():
    return SimpleNamespace(evm=SimpleNamespace(block=HEAD), record=SimpleNamespace(chain_id=1), indexer=None)


def test_none_is_asked_where_none_is_configured(system, monkeypatch, capsys):
    monkeypatch.delenv(URL, raising=False)
    assert indexed(system).indexer is None
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("behind", [0, BEHIND])
def test_one_that_keeps_up_is_asked(system, fake, capsys, behind):
    fake.answers["/status"] = (200, json.dumps(standing(HEAD - behind)))
    assert indexed(system).indexer.url == fake.url
    assert f"which stands at block {HEAD - behind:,}." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "answer", "why"),
    [
        ("/status", (200, json.dumps(standing(HEAD - BEHIND - 1))), "stands at block 974, 26 blocks (5 min) behind"),
        ("/status", (200, json.dumps(standing(HEAD, chain_id=5))), "follows chain 5, not 1"),
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


def test_the_web_app_is_as_patient():
    (said,) = re.findall(r"export const BEHIND = (\d+)n;", (ROOT / "app/src/data/indexer.ts").read_text())
    assert int(said) == BEHIND
