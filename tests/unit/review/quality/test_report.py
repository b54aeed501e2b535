"""The report on simulated people whose skill, pull and tiredness are known."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from simulated_people import ADA, BOB, CAY, NAMES, ask, crowd_bench, say
from stores import suggestion

from tiebreak.annotators.anchoring import Anchoring
from tiebreak.domain.reviews import Annotation
from tiebreak.errors import UsageError
from tiebreak.project.sampling import is_blind_sample
from tiebreak.review.annotate import write_annotations
from tiebreak.review.quality.checks import open_checks
from tiebreak.review.quality.log import read_log, suggestion_histories
from tiebreak.review.quality.report import people_report, randomised_cards

DAY = 86_400.0


def test_an_empty_project_has_nobody_to_measure(tmp_path: Path) -> None:
    report = people_report(crowd_bench(tmp_path, 5))
    assert report.people == ()
    assert report.agreement.alpha is None
    assert report.anchoring == Anchoring(pull=None, accuracy=None, naive=None, proven=False)
    assert (report.shared_errors, report.alternative, report.left_out) == (None, None, {})


def test_people_are_told_apart_and_others_left_out(tmp_path: Path) -> None:
    context = crowd_bench(tmp_path, 60)
    truth = {i: NAMES[i % 3] for i in range(1, 41)}
    for who in (ADA, BOB):
        say(context, who, truth)
    careless = {i: NAMES[(i + (i % 4 == 0)) % 3] for i in truth}  # a quarter wrong
    say(context, CAY, careless, seconds=2.0)
    context.clock.advance(DAY)  # type: ignore[attr-defined]
    say(context, CAY, dict(list(truth.items())[:8]))
    trial = Annotation(
        record_id=50, who="gold labels", source="simulated", outcome="label", labels=("bug",)
    )
    write_annotations(context.store, context.schema, [trial])
    report = people_report(context)
    rows = {row.who: row for row in report.people}
    assert set(rows) == {ADA, BOB, CAY}
    assert report.left_out == {"simulated": 1}
    assert rows[CAY].gold.value == pytest.approx(0.75)
    assert rows[CAY].gold.n == 40
    assert rows[ADA].gold.value == 1.0
    assert rows[ADA].gold.n == 30  # where Cay and Bob agree
    assert (rows[CAY].repeats.value, rows[CAY].repeats.n) == (6 / 8, 8)
    assert rows[ADA].repeats is None
    assert (rows[CAY].answers, rows[CAY].blind, rows[CAY].median_seconds) == (48, 48, 2.0)
    pairs = {(p.first, p.second): p for p in report.agreement.pairs}
    assert pairs[ADA, BOB].kappa.value == 1.0
    assert pairs[ADA, CAY].agreed.value == pytest.approx(0.75)
    assert report.agreement.records == 40
    alpha = report.agreement.alpha
    assert alpha.low < alpha.value < alpha.high < 1
    assert [x.label for x in report.agreement.labels] == list(NAMES)


def test_alpha_is_told_week_by_week(tmp_path: Path) -> None:
    context = crowd_bench(tmp_path, 20)
    careful = {i: NAMES[i % 3] for i in range(1, 11)}
    say(context, ADA, careful)
    say(context, BOB, careful)
    context.clock.advance(7 * DAY)  # type: ignore[attr-defined]
    later = {i: NAMES[i % 3] for i in range(11, 21)}
    say(context, ADA, later)
    say(context, BOB, {i: NAMES[(i + i % 2) % 3] for i in later})
    weeks = people_report(context).agreement.weeks
    assert [(w.week, w.records) for w in weeks] == [("2026-W01", 10), ("2026-W02", 10)]
    assert weeks[0].alpha == 1.0 and weeks[1].alpha < 0.5


def test_only_blind_answers_agree(tmp_path: Path) -> None:
    context = crowd_bench(tmp_path, 20)
    answers = {i: NAMES[i % 3] for i in range(1, 21)}
    say(context, ADA, answers)
    say(context, BOB, answers, shown="evidence")
    assert people_report(context).agreement.records == 0


def test_who_tires_is_advised_to_pause(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    context = crowd_bench(tmp_path, 240)
    truth = {i: NAMES[i % 3] for i in range(1, 241)}
    for who in (ADA, BOB):
        say(context, who, truth)
    slips = rng.random(240) < np.linspace(0, 0.7, 240)
    tired = {i: NAMES[(i + bool(slips[i - 1])) % 3] for i in truth}
    say(context, CAY, tired)
    rows = {row.who: row.fatigue for row in people_report(context).people}
    assert rows[CAY].reasons == ("errors",)
    assert rows[CAY].pause and rows[CAY].slope < 0
    assert rows[ADA].reasons == ()


def test_the_agent_may_replace_a_person_if_it_is_good(tmp_path: Path) -> None:
    context = crowd_bench(tmp_path, 60)
    truth = {i: NAMES[i % 3] for i in range(1, 61)}
    for at, who in enumerate((ADA, BOB, CAY)):
        say(context, who, {i: NAMES[(i + ((i + at) % 7 == 0)) % 3] for i in truth})
    context.store.suggestions.append([suggestion(i, labels=(name,)) for i, name in truth.items()])
    good = people_report(context).alternative
    assert good.passed and good.winning == 1.0 and good.annotators == "skilled"
    wrong = {i: NAMES[(i + 1) % 3] for i in truth}
    context.store.suggestions.append([suggestion(i, labels=(name,)) for i, name in wrong.items()])
    assert not people_report(context).alternative.passed
    with pytest.raises(UsageError, match="Annotators 'cheap' are unknown"):
        people_report(context, annotators="cheap")


def simulated_desk(context, ids, *, right, pull, rng):  # type: ignore[no-untyped-def]
    """A **simulated** reviewer on cards as the lot deals them, by an agent that says "bug": right
    with probability *right*; a wrong one that is shown is followed with probability *pull*."""
    context.store.suggestions.append([suggestion(i, labels=("bug",)) for i in ids])
    ask(context, ids, "selected", blind=False)  # that a card is blind is known by what it showed
    for i in ids:
        blind = is_blind_sample(context, i)
        follows = rng.random() < right or (not blind and rng.random() < pull)
        say(
            context,
            ADA,
            {i: "bug" if follows else "praise"},
            shown="blind" if blind else "evidence",
        )


def test_the_meter_recovers_a_known_pull(tmp_path: Path) -> None:
    context = crowd_bench(tmp_path, 900, review={"blind_share": 0.4})
    simulated_desk(context, range(1, 901), right=0.6, pull=0.5, rng=np.random.default_rng(5))
    meter = people_report(context).anchoring
    assert meter.proven
    assert meter.pull.low <= 0.2 <= meter.pull.high
    assert meter.accuracy.low <= 0.6 <= meter.accuracy.high
    assert meter.naive.low > 0.65
    assert meter.pull.n == 900


def test_only_cards_dealt_by_lot_enter_the_meter(tmp_path: Path) -> None:
    context = crowd_bench(tmp_path, 60, review={"blind_share": 0.5})
    say_as_dealt = {i: "blind" if is_blind_sample(context, i) else "evidence" for i in range(1, 61)}
    known = range(1, 51)
    context.store.suggestions.append(
        [suggestion(i, labels=None if i <= 5 else ("bug",)) for i in known]  # 1-5: abstained
    )
    ask(context, range(1, 56), "selected", blind=False)  # 51-55: the agent did not say anything
    ask(context, range(6, 11), "control")  # blind for another reason
    ask(context, range(11, 16), "audit")
    context.store.suggestions.append([suggestion(51, labels=("bug",))])  # after the task was opened
    for i, shown in say_as_dealt.items():
        told = {"blind": "evidence", "evidence": "blind"}[shown] if 16 <= i < 21 else shown
        say(context, ADA, {i: "bug"}, shown=told)  # 16-20: not as the lot would have it
    log = read_log(context)
    cards = list(randomised_cards(context, log, suggestion_histories(context, log)))
    assert len(cards) == 30  # 21 to 50; 56 to 60 had no task


def test_each_log_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = crowd_bench(tmp_path, 30)
    answers = {i: NAMES[i % 3] for i in range(1, 31)}
    for who in (ADA, BOB, CAY):
        say(context, who, answers)
    context.store.suggestions.append([suggestion(i, labels=("bug",)) for i in answers])
    ask(context, [1, 2], "gold")
    reads: Counter[str] = Counter()

    def count(part: object, name: str) -> None:
        read = getattr(part, name)

        def counted(*args: Any, **named: Any) -> Any:
            reads[type(part).__name__] += 1
            return read(*args, **named)

        monkeypatch.setattr(part, name, counted)

    store = context.store
    for name in ("scan", "latest", "of"):
        count(store.annotations, name)
        count(store.suggestions, name)
    count(store.annotations, "standing")
    count(store.queue, "tasks")
    assert people_report(context).alternative is not None
    assert sorted(reads.values()) == [1, 1, 1]  # annotations, suggestions, tasks
    reads.clear()
    assert open_checks(context).repeat == 0
    assert sorted(reads.values()) == [1, 1]  # annotations, tasks
