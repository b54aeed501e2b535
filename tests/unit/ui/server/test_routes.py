"""The routes as a browser or an attacker meets them: who is let in, what is said, what is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk_visits import learned_bench, visit
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from tiebreak.api.project import Project
from tiebreak.errors import StoreBusy
from tiebreak.ui.server.routes import MAX_BYTES, routes
from tiebreak.ui.server.security_headers import SecurityHeaders
from tiebreak.ui.server.served import Served
from tiebreak.ui.server.supervisor import Supervisor

SYNC = "/desk/api/sync"


class Caller:
    """A client of the routes with a token of Ada's."""

    def __init__(self, served: Served) -> None:
        self.served = served
        app = Starlette(routes=routes(served), middleware=[Middleware(SecurityHeaders)])
        self.http = TestClient(app, base_url="http://127.0.0.1:8501")
        self.headers = {
            "x-tiebreak-token": served.guard.token("Ada"),
            "origin": "http://127.0.0.1:8501",
        }

    def sync(self, **body: Any) -> Any:
        """Post a visit; the reply's document."""
        reply = self.http.post(SYNC, json={"client": "client-of-ada", **body}, headers=self.headers)
        assert reply.status_code == 200, reply.text
        return reply.json()


@pytest.fixture
def caller(tmp_path: Path) -> Iterator[Caller]:
    context = learned_bench(tmp_path)
    served = Served(Project(context), Supervisor(tmp_path, enabled=False))
    yield Caller(served)
    served.stop()


def test_cards_come_and_labels_go(caller: Caller) -> None:
    told = caller.sync(want=2)
    assert len(told["cards"]) == 2
    assert told["learner"] == {"state": "off", "message": ""}
    card = told["cards"][0]
    name = caller.served.context.schema.names[2]
    event = {"key": "0123456789", "seq": 1, "record": card["record"], "outcome": "label"}
    told = caller.sync(events=[{**event, "label": name, "shown": "blind", "seconds": 0.7}])
    assert (told["acked"], told["mine"]) == (1, 1)
    assert caller.served.guard.who(told["token"]) == "Ada"
    assert caller.served.context.store.annotations.standing()[card["record"]].labels == (name,)


def test_a_blind_card_has_no_field_that_a_machine_answered(caller: Caller) -> None:
    cards = caller.sync(want=24)["cards"]
    blind = [c for c in cards if c["blind"]]
    assert blind
    for card in blind:
        assert set(card) == {"record", "id", "text", "chars", "reason", "why", "blind"}
        assert card["reason"] == "blind"
    for card in (c for c in cards if not c["blind"]):
        assert len(card["model"]["order"]) == 12
        assert len(card["model"]["top"]) == 3


def test_few_labels_keep_their_digits_from_card_to_card(caller: Caller) -> None:
    from dataclasses import replace

    from tiebreak.ui.server.wire import card_on_wire

    (card,) = [c for c in caller.served.desk.sync("Ada", visit(want=24)).cards if c.model][:1]
    worst_first = replace(card, model=tuple(reversed(card.model)))
    for n, order in ((10, list(range(10))), (12, None)):
        place = {name: at for at, name in enumerate(caller.served.context.schema.names[:n])}
        told = card_on_wire(worst_first, place)["model"]["order"]
        by_score = [place[label] for label, _ in worst_first.model if label in place]
        assert told == (order or by_score)


def test_a_long_text_is_cut_and_its_whole_can_be_fetched(caller: Caller) -> None:
    from tiebreak.domain.records import NewRecord
    from tiebreak.domain.reviews import ReviewTask

    store = caller.served.context.store
    whole = "long " * 10_000
    (new,) = store.records.add([NewRecord(source="s", external_id="e", text=whole)]).inserted
    store.queue.open([ReviewTask(record_id=new, reason="selected", priority=9.0)])
    (card,) = caller.sync(want=1)["cards"]
    assert (len(card["text"]), card["chars"]) == (20_000, 50_000)
    reply = caller.http.get(f"/desk/api/text/{new}", headers=caller.headers)
    assert reply.json() == {"text": whole}
    assert caller.http.get("/desk/api/text/99999", headers=caller.headers).status_code == 404
    assert caller.http.get(f"/desk/api/text/{new}").status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x-tiebreak-token": ""}, 401),
        ({"x-tiebreak-token": "forged.token.here"}, 401),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
    ],
)
def test_strangers_are_refused_before_anything_is_read(
    caller: Caller, headers: dict[str, str], status: int
) -> None:
    reply = caller.http.post(SYNC, content=b"not even JSON", headers={**caller.headers, **headers})
    assert reply.status_code == status
    assert set(reply.json()) == {"error", "fact", "mend"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{" * 5000, 422),
        (b"\xff\xfe", 422),
        (b'{"client": "client-of-ada", "held": [1e999]}', 422),
        (b'{"client": "client-of-ada", "want": -1}', 422),
        (json.dumps({"client": "client-of-ada", "x": "y" * MAX_BYTES}).encode(), 413),
    ],
)
def test_requests_that_are_none_of_ours_are_refused(
    caller: Caller, body: bytes, status: int
) -> None:
    reply = caller.http.post(SYNC, content=body, headers=caller.headers)
    assert reply.status_code == status
    assert "Traceback" not in reply.text


def test_a_busy_store_says_to_ask_again(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> None:
        raise StoreBusy("Another thread writes.", mend="Wait.")

    monkeypatch.setattr(caller.served.desk, "sync", busy)
    reply = caller.http.post(SYNC, json={"client": "client-of-ada"}, headers=caller.headers)
    assert reply.status_code == 503


def test_no_stack_trace_leaves_the_house(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("an inner secret")

    monkeypatch.setattr(caller.served.desk, "sync", broken)
    reply = caller.http.post(SYNC, json={"client": "client-of-ada"}, headers=caller.headers)
    assert reply.status_code == 500
    assert "secret" not in reply.text
    assert "an inner secret" in caplog.text


def test_every_response_carries_the_policy(caller: Caller) -> None:
    for reply in (caller.http.get("/nowhere"), caller.http.post(SYNC)):
        policy = reply.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-eval" not in policy
        assert reply.headers["x-content-type-options"] == "nosniff"


def test_other_methods_do_nothing(caller: Caller) -> None:
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        assert caller.http.request(method, SYNC, headers=caller.headers).status_code == 405
