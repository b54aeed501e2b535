"""The status page's words on promises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from promise_projects import promise_bench

from tiebreak.loop.run import run_loop
from tiebreak.loop.running import RunOptions
from tiebreak.promise.results import NextCertificate, StreamStatus
from tiebreak.promise.status import certificate_statuses
from tiebreak.ui.pages import status as view


class Said(list[tuple[str, str]]):
    """What would have been shown, by Streamlit's function."""

    def __getattr__(self, name: str) -> Any:
        return lambda words: self.append((name, words))


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Said:
    found = Said()
    monkeypatch.setattr(view, "st", found)
    return found


def test_a_simulated_promise_is_no_good_news(tmp_path: Path, said: Said) -> None:
    context = promise_bench(tmp_path)
    run_loop(context, RunOptions(batch=16, reviewer="labels"))
    (told,) = certificate_statuses(context)
    assert told.in_force
    view._promise([told])
    assert said[0] == ("subheader", "Promise")
    kind, words = said[1]
    assert kind == "warning"
    assert view.plain(told.sentence) in words
    assert "SIMULATED" in words
    assert f"Labels out: {told.labels}" in said[2][1].replace("\\", "")
    assert told.why in said[2][1].replace("\\", "")


def test_a_promise_by_people_is(said: Said) -> None:
    offer = NextCertificate(audits=9, labels=90, share=0.1, text="about 9")
    told = StreamStatus(
        mode="stream", policy=1, version="1-x", tier="<b>*x*</b>", promise="label", max_error=0.05,
        confidence=0.95, delta=0.05, frozen_at="", candidates=2000, in_force=True, labels=1200,
        share=0.6, audited=90, wrong=0, pending=0, simulated=False, rungs=(),
        sentence="5 % of it.", next=offer, why="", uncaught=3, marked=0, back=0, gate=0.9, stop="",
    )  # fmt: skip
    view._promise([told])
    assert said[1] == ("success", r"Policy 1, tier \<b\>\*x\*\</b\>, what arrives\. 5 % of it\.")
    assert said[2][1] == r"Labels out\: 1,200\. Audits\: 90\. Next\: about 9\."


def test_without_a_policy_nothing_is_said(said: Said) -> None:
    view._promise([])
    assert said == []
