"""What 0.1.0 called otherwise still works, and says how it is called now."""

from __future__ import annotations

from pathlib import Path

import pytest
from contexts import make_context
from taught import ROWS, taught

from tiebreak.api.insights import Insights


@pytest.fixture
def project(tmp_path: Path) -> Insights:
    insights = Insights()
    insights._context = taught(make_context(tmp_path, ROWS), 200)
    return insights


def test_doubts_are_label_issues(project: Insights) -> None:
    with pytest.warns(DeprecationWarning, match="doubts is now label_issues") as warned:
        former = project.doubts("people", limit=5)
    assert warned[0].filename == __file__
    assert former == project.label_issues("people", limit=5)
    assert len(former.suspects) == 5


def test_queue_doubts_is_queue_label_issues(project: Insights) -> None:
    with pytest.warns(DeprecationWarning, match="queue_doubts is now queue_label_issues"):
        queued = project.queue_doubts("people", most=3)
    assert queued.opened == 3
    assert project.queue_label_issues("people", most=3).left_out.queued == 3
