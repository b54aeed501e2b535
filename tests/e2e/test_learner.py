"""The learner's process: learns when a batch was answered, tells its state, dies with the desk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from contexts import SLICE

from tiebreak.api.project import Project
from tiebreak.files import labels_of_column
from tiebreak.loop.running import RunOptions
from tiebreak.simulation.demo import data_file
from tiebreak.ui.background import LearnerOptions
from tiebreak.ui.server.supervisor import Supervisor

BATCH = 16
PATIENCE = 60.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    names = labels_of_column(data_file(), "label")
    place = tmp_path / "project"
    with Project.create(place, labels=names, agent="none", embedder="hashing") as project:
        project.import_file(SLICE, labels_are="gold")
    return place


@pytest.fixture
def supervisor(folder: Path) -> Iterator[Supervisor]:
    running = Supervisor(folder, LearnerOptions(run=RunOptions(batch=BATCH)))
    running.start()
    yield running
    running.stop()


def until(found: Callable[[], bool], what: str) -> None:
    """Wait for something that must come."""
    end = time.monotonic() + PATIENCE
    while not found():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.05)


def answer_all(project: Project, who: str) -> int:
    """Answer the whole queue with the sealed labels, under a person's name; how many."""
    gold, done = project.context.store.gold, 0
    while cards := project.next_batch(50, who=who):
        truth = gold.get([c.record.id for c in cards])
        for card in cards:
            project.annotate(card.record.id, truth[card.record.id][0], who=who)
            done += 1
    return done


def test_each_answered_batch_brings_a_head_and_the_next_batch(
    folder: Path, supervisor: Supervisor
) -> None:
    with Project.open(folder, agent="none") as project:
        store = project.context.store
        for round_ in (1, 2, 3):
            until(lambda r=round_: store.queue.count(batch=r) == BATCH, f"batch {round_}")
            until(lambda: supervisor.state()["state"] == "waiting", "waiting")
            assert "People are needed" in supervisor.state()["message"]
            assert answer_all(project, "robot") == BATCH
            until(
                lambda r=round_: (m := store.notes.last_model()) is not None and m.version == r,
                f"head {round_}",
            )
        head = store.notes.last_model()
        assert head is not None
        assert dict(head.trained_on) == {"human": 3 * BATCH}
        until(lambda: store.queue.count(batch=4) == BATCH, "batch 4")
        assert project.verify() == []


def test_it_stops_when_told_and_leaves_the_project_whole(
    folder: Path, supervisor: Supervisor
) -> None:
    process = supervisor._process
    until(lambda: supervisor._process is not None, "a process")
    process = supervisor._process
    assert process is not None
    supervisor.stop()
    assert process.poll() is not None
    assert supervisor.state() == {"state": "off", "message": ""}
    with Project.open(folder) as project:
        assert project.verify() == []


def test_a_killed_learner_is_started_again(folder: Path, supervisor: Supervisor) -> None:
    until(lambda: supervisor.state()["state"] == "waiting", "waiting")
    first = supervisor._process
    assert first is not None
    os.kill(first.pid, signal.SIGKILL)
    until(lambda: supervisor._process is not first, "another process")
    until(lambda: supervisor.state()["state"] == "waiting", "waiting again")
    with Project.open(folder) as project:
        assert project.context.store.queue.count(batch=1) == BATCH


def test_a_learner_that_cannot_work_says_why(tmp_path: Path) -> None:
    running = Supervisor(tmp_path / "nowhere")
    running.start()
    until(lambda: running.state()["state"] == "failed", "failed")
    assert "tiebreak init" in running.state()["message"]
    running.stop()


def test_it_does_not_outlive_a_desk_that_was_killed(folder: Path, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    desk = (
        "import sys, time; from pathlib import Path\n"
        "from tiebreak.ui.server.supervisor import Supervisor\n"
        "s = Supervisor(Path(sys.argv[1])); s.start()\n"
        "while s.state()['state'] != 'waiting': time.sleep(.05)\n"
        "Path(sys.argv[2]).write_text(str(s._process.pid)); time.sleep(600)\n"
    )
    killed = subprocess.Popen([sys.executable, "-c", desk, str(folder), str(note)])
    until(lambda: note.exists() and note.read_text() != "", "the learner's pid")
    pid = int(note.read_text())
    killed.kill()
    killed.wait()
    until(lambda: not _alive(pid), "its end")


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
