"""Drives the review desk as a person would: a real server, a real browser, keys; and watches both.

The person is **simulated**: keys are pressed by a script. What it pressed, and what stood on
screen at that moment, is noted by the page itself and compared with the database afterwards.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.agents.simulated_agent import SimulatedAgent, read_rows
from tiebreak.api.project import Project

TIEBREAK = [sys.executable, "-c", "from tiebreak.cli.main import main; main()"]
CARD = ".tb-card[data-state=card]"

WATCH = """
(() => {
  // The card lives in an open shadow root; look for it once and keep it while it is in the page.
  let found = null;
  const card = () => {
    if (found && found.isConnected) return found;
    found = null;
    for (const node of document.querySelectorAll("*")) {
      const inside = node.shadowRoot && node.shadowRoot.querySelector(".tb-card");
      if (inside) found = inside;
    }
    return found;
  };
  const seen = (el) => el && el.dataset.state === "card" && el.dataset.painted;
  window.tbPresses = [];
  window.tbPainted = [];
  const channel = new MessageChannel();
  window.addEventListener("keydown", (event) => {
    const at = performance.now();
    const el = card();
    const before = seen(el) ? el.dataset.record : null;
    const label = before && [...el.querySelectorAll(".tb-label")]
      .find((b) => (b.getAttribute("aria-keyshortcuts") || "").split(" ").includes(event.key));
    window.tbPresses.push({
      key: event.key, record: before && Number(before), repeat: event.repeat,
      label: label ? label.dataset.label : null,
      text: before ? el.querySelector(".tb-text").textContent : null,
    });
    if (!before) return;
    // Painted: the first frame with another card on screen, and then a task after that frame.
    const look = () => {
      const now = card();
      if (now && now.dataset.state === "card" && now.dataset.record !== before) {
        channel.port1.onmessage = () => window.tbPainted.push(performance.now() - at);
        channel.port2.postMessage(0);
      } else if (performance.now() - at < 2000) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, true);
})();
"""


def free_port() -> int:
    """A port that nobody uses now."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class DeskServer:
    """``tiebreak review`` in a process of its own, which can be killed and started again."""

    folder: Path
    options: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    log: bytes = b""

    @property
    def url(self) -> str:
        """Where the app is."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> DeskServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> float:
        """Start it; the seconds until it takes requests."""
        began = time.perf_counter()
        command = [*TIEBREAK, "review", str(self.folder), "--port", str(self.port), "--no-open"]
        self.process = subprocess.Popen(
            [*command, *self.options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **self.env},
        )
        while time.perf_counter() - began < 60:
            if self.process.poll() is not None:
                raise RuntimeError(f"tiebreak review ended with {self.process.returncode}")
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1).close()
                return time.perf_counter() - began
            time.sleep(0.05)
        raise RuntimeError("tiebreak review did not come up in 60 s")

    def kill(self) -> None:
        """kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """Ctrl-C, and wait."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def cpu_seconds(self) -> float:
        """CPU time of the server's process so far."""
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def make_queue(
    folder: Path,
    file: Path,
    waiting: int,
    *,
    embedder: str = "hashing",
    agent: bool = True,
    taught: int = 64,
    head: str = "auto",
) -> None:
    """A project of *file* whose queue holds *waiting* records, with a head of *taught* labels.

    The first labels are simulated from the file; the agent is the simulated one.
    """
    rows = read_rows(file)
    names = sorted({r["label"] for r in rows if r["label"]})
    server: Any = SimulatedAgent(rows) if agent else contextlib.nullcontext()
    with server:
        Project.create(
            folder,
            labels=names,
            agent="openai:simulated" if agent else "none",
            embedder=embedder,
            settings={"learn": {"head": head}},
        ).close()
        settings = folder / "tiebreak.toml"
        if agent:
            text = settings.read_text().replace(
                'name = "openai:simulated"',
                f'name = "openai:simulated"\nbase_url = "{server.url}"\nconcurrency = 8',
            )
            settings.write_text(text)
        with Project.open(folder) as project:
            project.import_file(file, labels_are="gold")
            project.run(batch=taught, rounds=1, reviewer="labels")
            project.run(batch=waiting)


def answers(folder: Path) -> dict[int, list[tuple[str, str, str | None]]]:
    """(who, outcome, label) of each record's acts that persons did, in order."""
    acts: dict[int, list[tuple[str, str, str | None]]] = {}
    with Project.open(folder, agent="none") as project:
        for act in project.context.store.annotations.scan():
            if act.source == "person":
                label = act.labels[0] if act.labels else None
                acts.setdefault(act.record_id, []).append((act.who, act.outcome, label))
    return acts


def decided(presses: list[dict[str, Any]]) -> list[tuple[int, str]]:
    """(record, label) of each press of a label's key while a card was on screen."""
    return [
        (p["record"], p["label"])
        for p in presses
        if p["record"] is not None and p["label"] is not None and not p["repeat"]
    ]


@dataclass(frozen=True)
class Verdict:
    """What became of the presses. All three must be 0."""

    pressed: int
    lost: int
    doubled: int
    wrong: int


def judge(presses: list[dict[str, Any]], folder: Path, *, who: str | None = None) -> Verdict:
    """Compare what was pressed on which card with what the database holds (of *who*, or all)."""
    pressed = decided(presses)
    stored = {
        record: mine
        for record, acts in answers(folder).items()
        if (mine := [act for act in acts if who in (None, act[0])])
    }
    lost = wrong = 0
    for record, label in pressed:
        labels = [value for _, outcome, value in stored.get(record, []) if outcome == "label"]
        lost += not labels
        wrong += bool(labels) and label not in labels
    on_screen = {record for record, _ in pressed}
    wrong += sum(record not in on_screen for record in stored)
    doubled = sum(len(acts) - 1 for acts in stored.values())
    return Verdict(len(pressed), lost, doubled, wrong)


@contextlib.contextmanager
def watched_page(browser: Any, url: str, **options: Any) -> Iterator[Any]:
    """A page at the desk, with the watch on, its first card on screen."""
    context = browser.new_context(**options)
    try:
        page = context.new_page()
        page.add_init_script(WATCH)
        page.goto(url)
        page.wait_for_selector(CARD, timeout=30_000)
        yield page
    finally:
        context.close()


def press_labels(page: Any, n: int, gap: float, keys: str = "123456789") -> None:
    """Press label keys, one every *gap* seconds, until *n* more fell on a card."""
    wanted, count, due = _fell(page) + n, 0, time.perf_counter()
    left = n
    while left > 0:
        due = max(due + gap, time.perf_counter())
        time.sleep(max(0.0, due - time.perf_counter()))
        page.keyboard.press(keys[count % len(keys)])
        count += 1
        left -= 1
        if left <= 0:
            left = wanted - _fell(page)


def _fell(page: Any) -> int:
    return int(page.evaluate("tbPresses.filter((p) => p.record !== null && p.label).length"))


def wait_saved(page: Any, seconds: float = 30) -> None:
    """Until the desk says that all is saved."""
    page.wait_for_selector(".tb-saved[data-unsaved='0']", timeout=seconds * 1000)
