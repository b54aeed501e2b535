"""Drift of a project. People and agents are simulated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from contexts import make_context
from taught import ROWS, taught

from tiebreak.domain.reviews import Reason
from tiebreak.drift.report import drift_report
from tiebreak.errors import UsageError
from tiebreak.models.embed import embed_records
from tiebreak.project.context import ProjectContext
from tiebreak.results import to_json
from tiebreak.ui.server.wire import WHY

STRANGE = "the {0} orbits a {1} planet beyond the {2} nebula near our telescope"
WORDS = ("comet", "frozen", "distant", "probe", "giant", "ringed", "silent", "moon", "dusty")


def strange_rows(n: int) -> list[dict[str, Any]]:
    """Texts on another matter altogether, no two alike."""
    rng = np.random.default_rng(0)
    return [
        {
            "id": f"strange-{i}",
            "text": STRANGE.format(*rng.permutation(WORDS)) + f" {i}",
            "label": None,
            "split": "train",
        }
        for i in range(n)
    ]


@pytest.fixture
def context(tmp_path: Path) -> ProjectContext:
    return make_context(tmp_path, ROWS)


def test_a_like_stream_is_ok_and_the_report_is_json(context: ProjectContext) -> None:
    taught(context, 120)
    report = drift_report(context, after=230, window=50)
    assert report.state in ("ok", "flag")
    assert (report.reference, report.new) == (230, 100)
    assert report.martingale.alarm_at is None
    assert [w.first for w in report.windows] == [231, 281]
    assert set(report.windows[0].p) == {"distance", "mmd", "classes"}
    assert sum(report.prevalence.em["new"].values()) == pytest.approx(1.0)
    assert report.prevalence.bbse is None
    assert "verified" in report.prevalence.reason
    document = to_json(report)
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert drift_report(context, after=230, window=50) == report


def test_strange_texts_pause_and_come_up_as_a_possible_new_label(tmp_path: Path) -> None:
    context = taught(make_context(tmp_path, [*ROWS, *strange_rows(60)]), 120)
    report = drift_report(context, after=300, window=30)
    assert report.state == "pause"
    assert report.audit_factor == 2
    assert [w.state for w in report.windows][-1] == "pause"
    found = {i for group in report.groups for i in group.records}
    assert len([i for i in found if i.startswith("strange-")]) >= 50
    assert report.martingale.alarm_at > 330
    (last,) = drift_report(context, after=300, window=30, last_windows=1).windows
    assert last.p == report.windows[-1].p


def test_without_a_model_two_tests_are_left_and_no_prevalence(context: ProjectContext) -> None:
    embed_records(context)
    report = drift_report(context, after=250, window=80)
    assert set(report.windows[0].p) == {"distance", "mmd"}
    assert report.prevalence is None


def test_nothing_new_is_ok(context: ProjectContext) -> None:
    report = drift_report(taught(context, 60), after=330)
    assert (report.state, report.new, report.windows) == ("ok", 0, ())


def test_too_small_a_reference_is_refused(context: ProjectContext) -> None:
    with pytest.raises(UsageError, match="99 pool records up to 99"):
        drift_report(context, after=99)


def test_the_desk_says_of_every_reason_why_a_record_is_there() -> None:
    always_blind = {"control", "audit", "gold", "repeat", "second"}  # all told alike: `BLIND`
    assert set(WHY) == set(get_args(Reason)) - always_blind
