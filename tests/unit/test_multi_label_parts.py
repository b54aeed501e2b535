"""Sets of labels in the small: schema, cells, stores, the agent's answer, the desk's wire."""

from __future__ import annotations

from pathlib import Path

import pytest
from contexts import make_context
from desk_visits import ADA, event, visit
from issue_sets import issues, tags
from stores import act

from tiebreak.agents.labelling.parsing import read_answer
from tiebreak.config import RoutePart
from tiebreak.domain.labels import Label, LabelSchema, in_words
from tiebreak.domain.ports import Store
from tiebreak.domain.records import NewRecord
from tiebreak.errors import ConfigError, LabelError, UsageError
from tiebreak.files.rows import set_cell
from tiebreak.learner.opinion.routing import route
from tiebreak.loop.run import run_loop
from tiebreak.loop.running import RunOptions
from tiebreak.project.context import ProjectContext
from tiebreak.project.init import names_schema, read_labels, write_labels
from tiebreak.review.annotate import write_annotations
from tiebreak.review.sync import ReviewSession
from tiebreak.store.memory import MemoryStore
from tiebreak.store.sql import SqlStore
from tiebreak.ui.server.wire import answer_on_wire

ABC = names_schema(["b", "a", "c"], multiple=True)


# -- the schema


def test_a_set_is_checked_and_put_in_the_order_of_the_schema() -> None:
    assert ABC.check(["c", "b", "c"]) == ("b", "c")
    assert ABC.check([]) == ()
    with pytest.raises(LabelError, match="'x'"):
        ABC.check(["a", "x"])
    with pytest.raises(LabelError, match="takes one label"):
        names_schema(["a", "b"]).check([])
    assert [ABC.fits(x) for x in ((), ("a", "b"), ("x",))] == [True, True, False]
    one = names_schema(["a", "b"])
    assert [one.fits(x) for x in ((), ("a", "b"), ("b",))] == [False, False, True]
    assert (in_words(("b", "c")), in_words(())) == ("b; c", "no label")


def test_single_label_schemas_keep_the_fingerprint_they_always_had() -> None:
    schema = LabelSchema(labels=(Label(name="a"), Label(name="b", definition="B", examples=("x",))))
    assert schema.fingerprint == FINGERPRINT
    both = LabelSchema(labels=schema.labels, multiple=True)
    assert both.fingerprint != schema.fingerprint


FINGERPRINT = "2034b02ff180892cee78898a0a9e794d5457da4e73353c3a2695c7acb9af291b"


@pytest.mark.parametrize("name", ["a;b", "a|b", "[a"])
def test_names_that_part_a_cell_are_refused_only_where_there_are_several(name: str) -> None:
    assert names_schema([name, "c"]).names == (name, "c")
    with pytest.raises(LabelError, match="part the labels"):
        names_schema([name, "c"], multiple=True)


def test_the_label_file_says_it(tmp_path: Path) -> None:
    file = tmp_path / "labels.yaml"
    for schema in (ABC, names_schema(["a", "b"])):
        write_labels(file, schema)
        assert read_labels(file) == schema
    assert "multiple" not in file.read_text(encoding="utf-8")
    file.write_text("multiple: perhaps\nlabels: [a, b]\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="'perhaps'"):
        read_labels(file)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("", None),
        (None, None),
        (float("nan"), None),
        (" ; ", None),
        ("a", ("a",)),
        ("a; b|c ", ("a", "b", "c")),
        ('["a", "b"]', ("a", "b")),
        ("[]", ()),
        ([], ()),
        (["a", 2], ("a", "2")),
        (7.0, ("7",)),
    ],
)
def test_cells_with_several_labels(cell: object, said: tuple[str, ...] | None) -> None:
    assert set_cell(cell) == said


# -- the stores


@pytest.mark.parametrize("kind", ["memory", "sql"])
def test_stores_tell_the_empty_set_from_no_answer(kind: str, tmp_path: Path) -> None:
    from clock import TickingClock

    clock = TickingClock()
    store: Store = (
        MemoryStore(clock)
        if kind == "memory"
        else SqlStore.open(str(tmp_path / "tiebreak.db"), clock)
    )
    stored = store.notes.put_schema(ABC)
    assert store.notes.put_schema(ABC) == stored == store.notes.schema()
    assert store.notes.put_schema(names_schema(["b", "a", "c"])).version == 2
    assert store.notes.schema(1) == stored
    store.records.add(
        [NewRecord(source="s", external_id=str(i), text=f"text {i}") for i in range(3)]
    )
    store.gold.put({1: (), 2: ("a", "b")})
    assert store.gold.get([1, 2, 3]) == {1: (), 2: ("a", "b")}
    acts = [act(1, labels=()), act(2, labels=("c", "b")), act(3, None, outcome="none")]
    write_annotations(store, stored, acts)
    assert {i: d.labels for i, d in store.decisions.latest().items()} == {
        1: (),
        2: ("b", "c"),
        3: (),  # none applies is a set like any other
    }
    store.close()


# -- the agent


@pytest.mark.parametrize(
    ("text", "labels", "abstain"),
    [
        ('{"labels": ["c", " b "], "rationale": "So."}', ("b", "c"), None),
        ('{"labels": []}', (), None),
        ('{"labels": ["c", "c"]}', ("c",), None),
        ('{"labels": ["c", "x"]}', None, "unknown-label"),
        ('{"labels": "c"}', None, "unknown-label"),
        ('{"labels": null}', None, "unknown-label"),
        ('{"label": "c"}', None, "unknown-label"),
        ('{"labels": ["c"', None, "invalid-json"),
        ("", None, "empty"),
        ('{"labels": ["c"], "rationale": "the mark"}', None, "echo"),
    ],
)
def test_an_answer_is_a_list_or_an_abstention(
    text: str, labels: tuple[str, ...] | None, abstain: str | None
) -> None:
    answer = read_answer(text, ABC.names, multiple=True, secrets=["the mark"])
    assert (answer.labels, answer.abstain) == (labels, abstain)


@pytest.mark.parametrize(
    ("agent", "model", "reason"),
    [
        (("a", "b"), ("a", "b"), "agreement"),
        ((), (), "agreement"),
        (("a",), ("a", "b"), "disagreement"),
        ((), ("a",), "disagreement"),
        (None, (), "abstained"),
        ((), None, "uncertain"),
    ],
)
def test_only_equal_sets_agree(agent, model, reason) -> None:  # type: ignore[no-untyped-def]
    got = route(
        record_id=1,
        agent_labels=agent,
        agent_confidence=0.95,
        model_labels=model,
        model_confidence=0.95,
        model_version=1,
        thresholds=RoutePart(),
    )
    assert got.reason == reason
    assert got.labels == (agent if reason == "agreement" else None)
    assert got.model_label == (None if model is None else in_words(model))


# -- the desk


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> ProjectContext:
    """A head that learnt from two batches by a simulated person; the next one waits."""
    rows = [
        {"id": r["id"], "text": r["text"], "label": None, "split": r["split"]} for r in issues()
    ]
    made = make_context(
        tmp_path_factory.mktemp("sets"), rows, schema=names_schema(tags(), multiple=True)
    )
    ids = made.store.records.find("slice", [r["id"] for r in issues()])
    made.store.gold.put({ids[r["id"]]: tuple(sorted(r["tags"])) for r in issues()})
    run_loop(made, RunOptions(batch=20, rounds=2, reviewer="labels"))
    run_loop(made, RunOptions(batch=20))
    return made


def test_the_desk_takes_sets_and_deals_them(context: ProjectContext) -> None:
    desk = ReviewSession(context)
    cards = desk.sync("Ada", visit(want=20)).cards
    blind = cards[0]
    shown = next(c for c in reversed(cards) if not c.task.blind)
    assert (blind.task.blind, blind.model_labels) == (True, None)
    assert shown.model_labels == tuple(name for name, p in sorted(shown.model) if p >= 0.5)
    wire = answer_on_wire(desk.sync("Ada", visit(want=20)), context.schema)
    card = next(c for c in wire["cards"] if c["record"] == shown.record.id)
    assert card["model"]["labels"] == list(shown.model_labels or ())
    assert all(isinstance(near["labels"], list) for near in card["near"])
    assert "label" not in card["near"][0]
    names = tags()
    first, second, third = (c.record.id for c in cards[:3])
    told = [
        event(first, labels=[names[2], names[0]], label=None, shown="blind"),
        event(second, labels=[], label=None, seq=2),
        event(third, "none", seq=3),
    ]
    answer = desk.sync("Ada", visit(ADA, *told))
    assert (answer.refused, answer.mine) == ((), 3)
    standing = context.store.annotations.standing([first, second, third])
    assert [standing[i].labels for i in (first, second, third)] == [(names[0], names[2]), (), ()]
    undone = desk.sync("Ada", visit(ADA, event(second, "undo", seq=4)))
    assert undone.refused == ()
    assert second not in context.store.annotations.standing([second])
    wrong = desk.sync("Ada", visit(ADA, event(second, labels=["x"], label=None, seq=5)))
    assert "'x'" in wrong.refused[0].problem.fact


def test_an_event_has_one_kind_of_answer() -> None:
    for parts in ({"labels": ["a"]}, {"label": None}, {"labels": None, "label": None}):
        with pytest.raises(ValueError, match="goes with the outcome"):
            event(1, "a", **parts)
    with pytest.raises(ValueError, match="goes with the outcome"):
        event(1, "skip", labels=[])
    assert event(1, labels=["a", "b"], label=None).value == ("a", "b")
    assert event(1, "a").value == ("a",)


def test_a_single_label_project_refuses_sets(tmp_path: Path) -> None:
    context = make_context(tmp_path)
    run_loop(context, RunOptions(batch=10))
    desk = ReviewSession(context)
    (card,) = desk.sync("Ada", visit(want=1)).cards
    refused = desk.sync("Ada", visit(ADA, event(card.record.id, labels=[], label=None))).refused
    assert "takes one label" in refused[0].problem.fact
    with pytest.raises(UsageError, match="takes one label"):
        write_annotations(context.store, context.schema, [act(card.record.id, labels=())])
