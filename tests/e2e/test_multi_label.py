"""Records with any number of labels, from init to export, on real issues with maintainers' tags.

The agent is a simulated one behind a chat server on loopback; people are simulated where named so.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from agent_projects import QUICK
from commands import COMMAND, ENV, inside, inside_document, tiebreak
from issue_sets import FILE, SimulatedSetAgent, issues, tags
from terminal import Terminal

from benchmarks.agents.chat_server import ChatServer
from tiebreak.api.project import Project
from tiebreak.domain.labels import LabelValue
from tiebreak.errors import UsageError
from tiebreak.evaluation.label_issues import list_label_issues

TAGS = {row["id"]: tuple(sorted(row["tags"])) for row in issues()}
BATCH = 20


def make(folder: Path, url: str = "", *, gold: bool = True) -> Path:
    """A project of the issues, whose agent is at *url* (none without)."""
    agent = "openai:simulated" if url else "none"
    more = ["--agent", agent, "--embedder", "hashing"]
    inside("init", folder, "--labels-from", f"{FILE}:tags", "--multiple", *more)
    inside("import", folder, FILE, *(["--label", "tags"] if gold else []), "--labels-are", "gold")
    lines = [f"{key} = {json.dumps(value)}" for key, value in {"base_url": url, **QUICK}.items()]
    with (folder / "tiebreak.toml").open("a", encoding="utf-8") as settings:
        settings.write("\n".join(["", *lines, ""]))
    return folder


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, ChatServer]]:
    """Four batches answered by the simulated person, a sweep of the agent, routes."""
    folder = tmp_path_factory.mktemp("sets") / "p"
    with ChatServer(SimulatedSetAgent()) as server:
        make(folder, server.url)
        inside(
            "run", folder, "--reviewer", "labels", "--rounds", "4", "--batch", str(BATCH),
            "--prelabel", "40", "--score-heldout", "30",
        )  # fmt: skip
        yield folder, server


def standing(folder: Path) -> dict[str, tuple[str, str, LabelValue | None]]:
    with Project.open(folder, agent="none") as project:
        store = project.context.store
        names = {r.id: r.external_id for r in store.records.scan()}
        acts = store.annotations.standing().items()
        return {names[i]: (a.source, a.outcome, a.labels) for i, a in acts}


def test_the_loop_learns_from_sets_the_empty_one_among_them(
    learned: tuple[Path, ChatServer],
) -> None:
    folder, _ = learned
    acts = standing(folder)
    answered = {i: value for i, (_, outcome, value) in acts.items() if outcome == "label"}
    assert len(answered) >= 4 * BATCH
    assert all(value == TAGS[i] for i, value in answered.items())
    assert () in answered.values()
    assert {source for source, _, _ in acts.values()} == {"simulated"}
    status = inside_document("status", folder)
    assert status["multiple"]
    assert (
        status["labelled"]["simulated"]
        == len(answered)
        == status["model"]["trained_on"]["simulated"]
    )
    control = status["control"]
    assert control["n"] == 8
    assert 0.3 < control["micro_f1"]["agent"] <= 1
    test = status["heldout"]["test"]
    assert test["model"]["n"] == 60
    assert test["micro_f1"]["model"] > 0.6 > test["model"]["accuracy"]
    assert test["agent"]["n"] == 30
    assert test["agent"]["accuracy"] < test["micro_f1"]["agent"] < 1
    assert inside_document("verify", folder)["problems"] == []


def test_the_agent_is_asked_for_a_list_and_shown_lists(learned: tuple[Path, ChatServer]) -> None:
    folder, server = learned
    schema = server.bodies[-1]["response_format"]["json_schema"]["schema"]
    assert schema["required"] == ["labels", "rationale"]
    assert schema["properties"]["labels"] == {
        "type": "array",
        "items": {"type": "string", "enum": tags()},
    }
    shown = [m for m in server.bodies[-1]["messages"] if m["role"] == "assistant"]
    assert shown
    assert all(set(json.loads(m["content"])) == {"labels"} for m in shown)
    agent = SimulatedSetAgent()
    with Project.open(folder, agent="none") as project:
        context = project.context
        told = context.suggested()
        texts = {i: r.text for i, r in context.records(told).items()}
    assert len(told) > 100
    for i, suggestion in told.items():
        said = agent.says(texts[i])
        assert suggestion.labels == (None if said is None else tuple(sorted(said)))
        assert (suggestion.abstain is None) == (said is not None)
    assert any(suggestion.labels == () for suggestion in told.values())
    assert {s.mode for s in told.values()} == {"generate"}


def test_equal_sets_agree_and_others_go_to_people(learned: tuple[Path, ChatServer]) -> None:
    folder, _ = learned
    with Project.open(folder, agent="none") as project:
        store = project.context.store
        routes = [
            r
            for i, r in store.routes.latest().items()
            if i in project.context.suggested() and r.model_version
        ]
    reasons = {r.reason for r in routes}
    assert {"disagreement", "abstained"} <= reasons
    for r in routes:
        said = None if r.agent_labels is None else "; ".join(r.agent_labels) or "no label"
        assert (r.reason == "abstained") == (said is None)
        assert (r.reason == "disagreement") == (said is not None and said != r.model_label)
        # an agent that gives no confidence is never taken at its word
        assert r.outcome == "review"


def test_predict_says_a_list(learned: tuple[Path, ChatServer]) -> None:
    folder, _ = learned
    lines = "".join(json.dumps({"text": row["text"]}) + "\n" for row in issues()[:40])
    said = [json.loads(x) for x in tiebreak("predict", folder, stdin=lines).stdout.splitlines()]
    assert len(said) == 40
    for answer in said:
        assert set(answer["labels"]) <= set(tags())
        likely = [x["label"] for x in answer["top"] if x["probability"] >= 0.5]
        assert set(likely) <= set(answer["labels"])
        assert "label" not in answer
    assert len({len(answer["labels"]) for answer in said}) > 1


def test_exports_read_back_as_the_same_sets(
    learned: tuple[Path, ChatServer], tmp_path: Path
) -> None:
    folder, _ = learned
    decided = {i: value for i, (_, _, value) in standing(folder).items() if value is not None}
    for name in ("out.csv", "out.jsonl", "out.parquet"):
        file, again = tmp_path / name, tmp_path / f"from-{name}"
        inside("export", folder, file, "--only-labelled")
        with Project.open(folder, agent="none") as project:
            schema = project.schema
        with Project.create(again, labels=schema, agent="none", embedder="hashing") as project:
            report = project.import_file(file, id="id", label="label", text="text")
            assert report.labelled == len(decided)
        assert {i: value for i, (_, _, value) in standing(again).items()} == decided
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as lines:
        cells = {row["label"] for row in csv.DictReader(lines)}
    assert "[]" in cells
    assert any(";" in cell for cell in cells)
    rows = [json.loads(x) for x in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert all(isinstance(row["label"], list) for row in rows)


def test_what_cannot_have_several_labels_says_so(learned: tuple[Path, ChatServer]) -> None:
    folder, _ = learned
    with (
        Project.open(folder, agent="none") as project,
        pytest.raises(UsageError, match="one label"),
    ):
        list_label_issues(project.context)
    settings = folder.parent / "score"
    words = ("--embedder", "hashing", "--agent", "openai:x")
    inside("init", settings, "--labels", "a,b", "--multiple", *words)
    with (settings / "tiebreak.toml").open("a", encoding="utf-8") as toml:
        toml.write('mode = "score"\nbase_url = "http://127.0.0.1:9/v1"\n')
    told = inside("doctor", settings, code=1)
    assert "any number may apply" in told.stdout + told.stderr


def test_a_label_that_would_part_itself_is_refused(tmp_path: Path) -> None:
    done = inside("init", tmp_path / "p", "--labels", "a;b,c", "--multiple", code=2)
    assert "'a;b'" in done.stderr


def test_people_choose_sets_in_the_terminal(tmp_path: Path) -> None:
    with ChatServer(SimulatedSetAgent(broken=0)) as server:
        folder = make(tmp_path / "p", server.url, gold=False)
        inside("run", folder, "--batch", "10")
    names = tags()
    agent = SimulatedSetAgent(broken=0)
    texts = {row["id"]: row["text"] for row in issues()}
    prompt, title = r"q quit", r"─ (\S+) ─"
    with Terminal([*COMMAND, "label", folder, "--who", "ada"], ENV) as screen:
        blind = screen.expect(title).group(1)
        assert "agent:" not in screen.expect(rf"(?s).*Blind.*{prompt}").group()
        screen.press("\n")  # nothing chosen is no answer
        screen.expect("Choose the labels first")
        screen.expect(prompt)
        for key, on in (("3", names[2]), ("1", f"{names[2]}, {names[0]}"), ("3", names[0])):
            screen.press(key)
            screen.expect(re.escape(f"on: {on}"))
            screen.expect(prompt)
        screen.press("2")
        screen.expect(prompt)
        screen.press("\n")
        second = screen.expect(title).group(1)
        screen.expect(prompt)
        screen.press("a")
        third = screen.expect(title).group(1)
        screen.expect(prompt)
        screen.press("d")
        fourth = screen.expect(title).group(1)
        screen.expect(prompt)
        screen.press("/")
        screen.expect("comma-separated")
        screen.press(f"{names[5]}, {names[4]}\n")
        fifth = screen.expect(title).group(1)
        screen.expect(prompt)
        screen.press("4")
        screen.expect(prompt)
        screen.press("u")  # the fourth comes back to the queue
        screen.expect("Took back")
        screen.press("4")
        screen.expect("on: no label")
        screen.expect(prompt)
        screen.press("y")  # off again, and confirmed: no label applies
        screen.expect(title)
        screen.press("q")
        assert screen.ends() == 0
    answers = {i: value for i, (_, _, value) in standing(folder).items()}
    said = agent.says(texts[second])
    assert said is not None
    assert answers == {
        blind: (names[0], names[1]),
        second: tuple(sorted(said)),
        third: (),
        fifth: (),
    }
    assert fourth not in answers
    piped = tiebreak("label", folder, "--who", "bob", stdin="1,3\nq\n")
    assert "1 answered" in piped.stdout
    lists = [v for i, (_, _, v) in standing(folder).items() if i not in answers]
    assert len(lists) == 1
    assert len(lists[0] or ()) == 2


def test_a_simulation_replays_sets(tmp_path: Path) -> None:
    told: dict[str, Any] = inside_document(
        "simulate", FILE, "--label", "tags", "--split", "split", "--multiple",
        "--embedder", "hashing", "--batch", "12", "--labels", "60", "--seeds", "2",
    )  # fmt: skip
    assert told["data"]["labels"] == tags()
    assert told["data"]["test"] == 60
    test = [tuple(sorted(row["tags"])) for row in issues() if row["split"] == "test"]
    commonest = max(test.count(value) for value in test)
    assert told["data"]["majority"]["accuracy"] == pytest.approx(commonest / 60, abs=1e-4)
    curves = told["strategies"]["margin_kmeans"]
    assert curves["labels"] == [12, 24, 36, 48, 60]
    assert 0 < curves["accuracy"][-1] < 1


def test_a_project_may_turn_to_several_labels(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    names = ["a", "b", "c"]
    with Project.create(folder, labels=names, agent="none", embedder="hashing") as project:
        project.add([{"id": f"r{i}", "text": f"a text, number {i}"} for i in range(3)])
        project.annotate("r0", "a", who="ada")
        with pytest.raises(UsageError, match="takes one label"):
            project.annotate("r1", ["a", "b"], who="ada")
        before = project.schema
    file = folder / "labels.yaml"
    file.write_text("multiple: true\n" + file.read_text("utf-8"), encoding="utf-8")
    with Project.open(folder) as project:
        assert (project.schema.version, project.schema.multiple) == (2, True)
        assert project.schema.fingerprint != before.fingerprint
        project.annotate("r1", ["c", "a", "c"], who="ada")
        project.annotate("r2", who="ada", outcome="none")
        with pytest.raises(UsageError, match="without one"):
            project.annotate("r2", who="ada")
        store = project.context.store
        values = [value for _, value in project.context.pool_state().labelled.values()]
        assert values == [("a",), ("a", "c"), ()]
        assert [a.outcome for a in store.annotations.standing().values()] == ["label"] * 3
        assert project.verify() == []
        project.annotate("r2", who="ada", outcome="undo")
        assert len(project.context.pool_state().labelled) == 2
    file.write_text(file.read_text("utf-8").replace("multiple: true\n", ""), encoding="utf-8")
    with Project.open(folder) as project:  # and back: a set is no label any more
        assert project.schema.version == 3
        assert [value for _, value in project.context.pool_state().labelled.values()] == [("a",)]
