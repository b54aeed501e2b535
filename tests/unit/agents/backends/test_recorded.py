"""Recorded answers behind the agent's protocol: what is said again, and how it is named."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from agent_parts import labeller, ledger, neighbour, schema, task

from benchmarks.agents.recordings import SETS, write
from tiebreak.agents.backends.factory import agent_id, open_agent
from tiebreak.agents.backends.recorded import RecordedModel, read_recording
from tiebreak.config import AgentPart
from tiebreak.domain.evidence import Suggestion
from tiebreak.domain.labels import Label, LabelSchema
from tiebreak.errors import ConfigError, InputError

SURE = [
    {"text": "Win a prize!", "label": "spam", "confidence": 0.9},
    {"text": "Lunch  at\nnoon?", "label": "ham", "confidence": 0.7},
    {"text": "Win a prize!", "label": "ham", "confidence": 0.2},
]


def recording(folder: Path, rows: list[Any], name: str = "mails.jsonl") -> Path:
    path = folder / name
    lines = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(lines.encode()))
    else:
        path.write_text(lines, encoding="utf-8")
    return path


def only(
    model: RecordedModel, text: str, labels: LabelSchema | None = None, **settings: Any
) -> Suggestion:
    asked = task(text, neighbours=(neighbour(9, "Buy now", "spam", 0.8),))
    (said,) = labeller(model, labels, **settings).label([asked], ledger())
    assert isinstance(said, Suggestion)
    return said


def test_the_label_and_its_confidence_come_back_and_the_name_says_recorded(tmp_path: Path) -> None:
    said = only(RecordedModel(recording(tmp_path, SURE)), "Win a prize!")
    assert said.labels == ("spam",)
    assert said.confidence == pytest.approx(0.9)
    assert said.mode == "score"
    assert said.agent == "recorded:mails"
    assert said.cost_nanos == 0
    assert said.neighbours == ()  # examples change nothing that is said, so none are shown


def test_a_text_is_known_whatever_its_spaces(tmp_path: Path) -> None:
    said = only(RecordedModel(recording(tmp_path, SURE)), "Lunch at noon?\u200b")
    assert said.labels == ("ham",)
    assert said.confidence == pytest.approx(0.7)


def test_definitions_in_the_prompt_do_not_hide_a_label(tmp_path: Path) -> None:
    labels = LabelSchema(
        labels=(Label(name="spam", definition="unwanted"), Label(name="ham", definition="wanted"))
    )
    rows = [{"text": "x", "label": "spam", "confidence": 0.8}]
    assert only(RecordedModel(recording(tmp_path, rows)), "x", labels).labels == ("spam",)


def test_without_confidences_it_generates_with_the_models_words(tmp_path: Path) -> None:
    rows = [{"text": "Hi", "label": "ham", "reply": "Clearly ham."}, {"text": "?", "label": "ham"}]
    model = RecordedModel(recording(tmp_path, rows))
    assert model.max_top_logprobs == 0
    said = only(model, "Hi")
    assert (said.labels, said.confidence, said.mode) == (("ham",), None, "generate")
    assert (said.rationale, said.rationale_by) == ("Clearly ham.", "model")
    assert only(model, "Hi", mode="score").confidence is None


def test_one_label_without_a_confidence_makes_a_recording_without(tmp_path: Path) -> None:
    model = RecordedModel(recording(tmp_path, [*SURE, {"text": "new", "label": "ham"}]))
    said = only(model, "Win a prize!")
    assert (said.labels, said.confidence) == (("spam",), None)


@pytest.mark.parametrize("mode", ["score", "generate"])
@pytest.mark.parametrize(
    ("text", "reason"),
    [("never seen", "rejected"), ("null", "refused"), ("foreign", None)],
)
def test_what_is_no_answer_is_an_abstention(
    tmp_path: Path, mode: str, text: str, reason: str | None
) -> None:
    rows = [
        *SURE,
        {"text": "null", "label": None, "reply": "Both."},
        {"text": "foreign", "label": "eggs", "confidence": 0.9},
    ]
    said = only(RecordedModel(recording(tmp_path, rows)), text, mode=mode)
    assert said.labels is None
    assert said.abstain == (reason or {"score": "no-code", "generate": "unknown-label"}[mode])


@pytest.mark.parametrize("confidence", [0.0, 0.1, 0.5])
def test_a_confidence_below_an_even_share_is_told_as_that(
    tmp_path: Path, confidence: float
) -> None:
    rows = [{"text": "x", "label": "ham", "confidence": confidence}]
    said = only(RecordedModel(recording(tmp_path, rows)), "x", schema("ham", "spam", "eggs"))
    assert said.labels == ("ham",)
    assert said.confidence == pytest.approx(max(confidence, 1 / 3))


@pytest.mark.parametrize("confidence", [0.5, 0.97, 1.0])
def test_any_number_of_labels_leaves_a_confidence_as_it_is(
    tmp_path: Path, confidence: float
) -> None:
    rows = [{"text": "x", "label": "l3", "confidence": confidence}]
    said = only(
        RecordedModel(recording(tmp_path, rows)), "x", schema(*(f"l{i}" for i in range(15)))
    )
    assert said.labels == ("l3",)
    assert said.confidence == pytest.approx(confidence)


# -- runs, names, files

RUNS = [
    {"text": "x", "label": "ham", "run": "gpt4"},
    {"text": "x", "label": "spam", "run": "gpt3.5"},
]


def test_a_run_is_chosen_by_name(tmp_path: Path) -> None:
    path = recording(tmp_path, RUNS, "two.jsonl.gz")
    settings = AgentPart(name=f"recorded:{path}#gpt4")
    model = open_agent(settings)
    assert isinstance(model, RecordedModel)
    assert model.id == agent_id(settings) == "recorded:gpt4@two"
    assert not model.remote
    assert {k: v.label for k, v in model.answers.items()} == {"x": "ham"}
    assert read_recording(path, "gpt3.5")["x"].label == "spam"


@pytest.mark.parametrize("run", ["", "#claude"])
def test_a_run_that_is_not_there_lists_those_that_are(tmp_path: Path, run: str) -> None:
    path = recording(tmp_path, RUNS)
    with pytest.raises(ConfigError, match=r"it has: gpt3\.5, gpt4"):
        open_agent(AgentPart(name=f"recorded:{path}{run}"))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    settings = AgentPart(name=f"recorded:{tmp_path / 'none.jsonl'}")
    assert agent_id(settings) == "recorded:none"
    with pytest.raises(ConfigError, match=r"none\.jsonl"):
        open_agent(settings)


@pytest.mark.parametrize(
    "line",
    [
        '["text"]',
        '{"label": "ham"}',
        '{"text": "x", "label": 3}',
        '{"text": "x", "label": "ham", "confidence": 1.2}',
        '{"text": "x", "label": "ham", "confidence": true}',
        '{"text": "x", "label": "ham", "confidence": NaN}',
        '{"text": "x"',
    ],
)
def test_a_line_that_is_no_answer_is_named(tmp_path: Path, line: str) -> None:
    path = recording(tmp_path, [SURE[0], "", line])
    with pytest.raises(InputError, match=r"line 3|JSON Lines"):
        RecordedModel(path)


# -- the data sets


def test_the_sets_convert_to_recordings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {
        "sib200_llm": {
            "text": "A",
            "llm": {"gpt4": {"reply": "No idea.", "label": None}},
            "llm_votes_all_languages": {"gpt4": {"(none)": 9, "sports": 3, "health": 1}},
        },
        "climatex_llm": {
            "text": "B",
            "llm_runs": [
                {
                    "model": "m",
                    "prompt": "p",
                    "samples": [
                        {"reply": "v", "label": "very high", "top5": [["very", -0.5], ["x", -2]]},
                        {"reply": "l", "label": "low"},
                        {"reply": "l", "label": "low"},
                    ],
                }
            ],
        },
        "insurance_tickets_llm": {
            "text": "C",
            "llm_runs": [{"prompt": "rag", "temperature": 0.2, "answer": "x", "label": "x"}],
            "llm_vote": "y",
            "llm_vote_share": 0.6,
        },
    }
    assert set(rows) == set(SETS)
    monkeypatch.setenv("TIEBREAK_DATA", str(tmp_path))
    for name, row in rows.items():
        recording(tmp_path, [row, {"text": "no answers", "llm": {}}], f"{name}.jsonl.gz")
    sib = write("sib200_llm", tmp_path / "out")
    assert read_recording(sib, "gpt4")["A"].label is None
    votes = read_recording(sib, "gpt4-votes")["A"]
    assert (votes.label, votes.confidence) == ("sports", 0.75)
    climate = write("climatex_llm", tmp_path / "out")
    first = read_recording(climate, "m-p")["B"]
    assert (first.label, first.confidence) == ("very high", 0.606531)
    assert read_recording(climate, "m-p-votes")["B"].label == "low"
    tickets = write("insurance_tickets_llm", tmp_path / "out")
    assert read_recording(tickets, "rag-0.2")["C"].confidence is None
    assert read_recording(tickets, "votes")["C"].confidence == 0.6
