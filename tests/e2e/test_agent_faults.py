"""Every fault of a server, through `run`: what docs/money-and-faults.md says of it, and no more."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from agent_projects import agent_project, set_key
from chat_stub import ChatStub, error, labelled, question, refusal, reset, stalled, truncated
from commands import COMMAND, ENV, inside, inside_document, read, tiebreak
from contexts import slice_rows

from benchmarks.agents.chat_server import ChatServer, Sent, chat_reply
from tiebreak.api.project import Project
from tiebreak.domain.evidence import Suggestion

ROWS = slice_rows(30, 4)
NAMES = sorted({r["label"] for r in ROWS})
BATCH = 10
GOOD = labelled(NAMES[0])


def suggestions(folder: Path) -> list[Suggestion]:
    with Project.open(folder, agent="none") as project:
        return list(project.context.store.suggestions.scan())


def people_can_go_on(report: dict[str, Any], *, unanswered: int = 0, abstained: int = 0) -> None:
    """The whole batch waits for people, whatever the agent did."""
    assert (report["next"], report["queue"], report["rounds"]) == ("review", BATCH, 1)
    assert (report["unanswered_now"], report["abstained"]) == (unanswered, abstained)


def clean(folder: Path) -> str:
    told = inside_document("verify", folder)
    assert told["problems"] == []
    digest: str = told["hash"]
    return digest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_server_that_is_down_ends_the_run_with_its_mend_and_the_same_command_goes_on(
    tmp_path: Path,
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/v1"
    folder = agent_project(tmp_path / "down", url, ROWS, retries=5, timeout=60.0)
    run = ("run", folder, "--batch", str(BATCH))
    done = tiebreak(*run, "--json", code=1)
    told = read(done)["error"]
    assert told["kind"] == "LLMUnavailable"
    assert "cannot be reached" in told["fact"]
    assert f"Is it running at {url}?" in told["mend"]
    said = [line for line in done.stderr.splitlines() if line.startswith("tiebreak: ")]
    assert said == [f"tiebreak: {told['fact']} {told['mend']}"]
    before = clean(folder)
    status = inside_document("status", folder)
    assert (status["records"], status["spend"]["calls"]) == (34, 0)

    inside(*run, code=1)  # still down: nothing changes
    assert clean(folder) == before
    with ChatServer(lambda _: GOOD, port=port) as server:
        people_can_go_on(inside_document(*run))
        assert server.calls == BATCH
    assert len(suggestions(folder)) == BATCH
    clean(folder)


def test_without_the_agent_a_run_goes_on_while_the_server_is_down(tmp_path: Path) -> None:
    folder = agent_project(tmp_path / "down", f"http://127.0.0.1:{free_port()}/v1", ROWS)
    inside_document("run", folder, "--batch", str(BATCH), code=1)
    report = inside_document("run", folder, "--batch", str(BATCH), "--agent", "none")
    people_can_go_on(report)
    assert suggestions(folder) == []
    clean(folder)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (stalled(0.5), "took too long"),
        (error(500, "an inner fault"), "answered 500"),
        (error(503), "answered 503"),
        (error(429, Retry_After="0"), "answered 429"),
        (reset(), "cannot be reached"),
        (Sent(b"<html>gateway</html>"), "no chat completion"),
        (Sent(b'{"id": "x", "choi'), "no chat completion"),
    ],
    ids=["slow", "500", "503", "429", "reset", "html", "cut-body"],
)
def test_a_server_that_fails_at_every_record_ends_the_run_and_keeps_what_was_bought(
    fault: Sent, says: str, tmp_path: Path
) -> None:
    with ChatStub(GOOD, GOOD, fault) as server:
        folder = agent_project(tmp_path / "p", server.url, ROWS, timeout=0.2, concurrency=1)
        told = inside_document("run", folder, "--batch", str(BATCH), code=1)["error"]
        assert says in told["fact"]
        assert told["mend"]
        assert server.calls == 2 + 5  # five records in a row without an answer
    assert len(suggestions(folder)) == 2
    clean(folder)
    with ChatStub(GOOD) as mended:
        set_key(folder, server.url, mended.url)
        people_can_go_on(inside_document("run", folder, "--batch", str(BATCH)))
        assert mended.calls == BATCH - 2  # nothing is bought twice
    clean(folder)


@pytest.mark.parametrize("fault", [stalled(0.5), error(500), reset(), error(429, Retry_After="0")])
def test_one_record_without_an_answer_is_counted_and_goes_to_people(
    fault: Sent, tmp_path: Path
) -> None:
    with ChatStub(GOOD, GOOD, fault, GOOD) as server:
        folder = agent_project(tmp_path / "p", server.url, ROWS, timeout=0.2, concurrency=1)
        done = inside("run", folder, "--batch", str(BATCH), "--json")
        people_can_go_on(read(done), unanswered=1)
        assert "1 records got no answer" in done.stderr
    assert len(suggestions(folder)) == BATCH - 1
    assert inside_document("status", folder)["spend"]["calls"] == BATCH - 1
    clean(folder)


def test_faults_that_pass_are_tried_again(tmp_path: Path) -> None:
    arrivals: list[float] = []

    def timed(sent: Sent) -> Callable[[dict[str, Any]], Sent]:
        def answer(_: dict[str, Any]) -> Sent:
            arrivals.append(time.monotonic())
            return sent

        return answer

    busy = error(429, "slow down", Retry_After="1")
    with ChatStub(timed(busy), timed(GOOD), error(500), reset(), GOOD) as server:
        folder = agent_project(tmp_path / "p", server.url, ROWS, retries=3, concurrency=1)
        people_can_go_on(inside_document("run", folder, "--batch", str(BATCH)))
        assert server.calls == BATCH + 3
    assert arrivals[1] - arrivals[0] >= 0.95  # Retry-After; without it the wait is half a second
    assert len(suggestions(folder)) == BATCH
    assert inside_document("status", folder)["spend"]["calls"] == BATCH
    clean(folder)


BAD_ANSWERS = {
    "truncated": truncated(),
    "refused": refusal(),
    "invalid-json": Sent(chat_reply("I would say " + NAMES[1])),
    "unknown-label": labelled("no_such_label"),
    "rejected": error(400, "this input is not allowed"),
    "empty": Sent(chat_reply("")),
}
FURTHER = {
    "a near miss": (labelled(NAMES[0].upper() + "x"), "unknown-label"),
    "a list": (Sent(chat_reply(json.dumps([NAMES[0]]))), "invalid-json"),
    "label in a list": (Sent(chat_reply(json.dumps({"label": [NAMES[0]]}))), "unknown-label"),
}


def test_answers_that_are_no_label_are_abstentions_with_their_reason(tmp_path: Path) -> None:
    bad = [*((sent, why) for why, sent in BAD_ANSWERS.items()), *FURTHER.values()]
    given: dict[str, str] = {}

    def answer(body: dict[str, Any]) -> Sent:
        sent, why = bad[len(given)] if len(given) < len(bad) else (GOOD, "")
        given[question(body)] = why
        return sent

    with ChatStub(answer) as server:
        folder = agent_project(tmp_path / "p", server.url, ROWS, concurrency=1)
        report = inside_document("run", folder, "--batch", str(BATCH))
        people_can_go_on(report, abstained=len(bad))
        assert server.calls == BATCH  # an abstention is an answer: it is not asked for again
    with Project.open(folder, agent="none") as project:
        store = project.context.store
        texts = {r.id: r.text for r in store.records.scan()}
        for told in store.suggestions.scan():
            assert (told.abstain or "") == given[texts[told.record_id]]
            assert told.labels == (None if told.abstain else (NAMES[0],))
        assert store.ledger.totals().calls == BATCH - 1  # the one that was rejected costs nothing
        assert list(store.decisions.scan()) == []
    clean(folder)


def test_a_score_server_that_answers_nonsense_is_an_abstention(tmp_path: Path) -> None:
    nonsense = Sent(chat_reply("Well", top=[("Well", -0.1), (",", -2.4)], finish="length"))
    with ChatStub(nonsense) as server:
        folder = agent_project(tmp_path / "p", server.url, ROWS, mode="score")
        people_can_go_on(inside_document("run", folder, "--batch", str(BATCH)), abstained=BATCH)
    assert Counter(s.abstain for s in suggestions(folder)) == {"no-code": BATCH}
    clean(folder)


KEY = "sk-test-9f8e7d6c5b4a39281706f5e4d3c2b1a0"


def files_with(needle: str, folder: Path) -> list[str]:
    raw = needle.encode()
    return [p.name for p in folder.rglob("*") if p.is_file() and raw in p.read_bytes()]


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_named_by_its_variable_and_never_shown(
    status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKETS_KEY", KEY)
    with ChatStub(error(status, f"Incorrect API key provided: {KEY}.")) as server:
        folder = agent_project(tmp_path / "p", server.url, ROWS, key_env="TICKETS_KEY")
        done = inside("run", folder, "--json", code=1)
        assert server.calls == 1  # it would meet every record alike
        assert server.headers[0]["authorization"] == f"Bearer {KEY}"
    assert "TICKETS_KEY" in done.stderr
    assert "TICKETS_KEY" in read(done)["error"]["mend"]
    for part in (KEY, KEY[:12], KEY[-8:]):
        assert part not in done.stdout + done.stderr
    assert files_with(KEY, folder) == []
    clean(folder)


def test_openais_key_goes_to_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with ChatStub(GOOD) as server:
        folder = agent_project(tmp_path / "p", server.url, ROWS)
        inside("run", folder, "--batch", "2")
        assert server.calls == 2
        assert not [h for h in server.headers if KEY in str(h)]


def test_a_model_that_does_not_exist_says_where_to_look(tmp_path: Path) -> None:
    with ChatStub(error(404, "The model 'stub' does not exist")) as server:
        folder = agent_project(tmp_path / "p", server.url, ROWS)
        told = inside_document("run", folder, code=1)["error"]
        assert server.calls == 1
    assert "agent.name and agent.base_url" in told["mend"]
    clean(folder)


def test_ctrl_c_keeps_the_replies_under_way_and_the_next_run_goes_on(tmp_path: Path) -> None:
    busy = threading.Event()

    def slowly(_: dict[str, Any]) -> Sent:
        if server.calls == 5:  # one alone, then four at once: now the run waits for them
            time.sleep(0.2)
            busy.set()
        return Sent(GOOD.body, delay=0.5)

    with ChatServer(slowly) as server:
        folder = agent_project(tmp_path / "p", server.url, ROWS)
        command = [*COMMAND, "run", str(folder), "--batch", str(BATCH)]
        with subprocess.Popen(command, env=ENV, stderr=subprocess.PIPE, text=True) as run:
            assert busy.wait(60)
            run.send_signal(signal.SIGINT)
            _, said = run.communicate()
        assert run.returncode == 130
        assert "Nothing is lost" in said
        assert "Traceback" not in said
        assert server.answered < BATCH
        people_can_go_on(inside_document("run", folder, "--batch", str(BATCH)))
        assert server.answered == BATCH  # what was under way was paid for, and is kept
    assert len(suggestions(folder)) == BATCH
    clean(folder)
