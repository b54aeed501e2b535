"""Projects that Tiebreak 0.1.0 made open, tell what they told then, and go on.

Commands run as the oracle runs them: a certificate's figures are checked to their last bit, which
is another one where another kind of processor adds them up.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from material import by_name, jsonl, two_kinds
from old_projects import recorded, unpack
from player import Player
from renamed import Renamed, reworded

ROOT = Path(__file__).parents[2]
RENAMED = ROOT / "tests/oracle/renamed.toml"


@pytest.fixture
def player(tmp_path: Path) -> Iterator[Player]:
    with Player(ROOT, tmp_path) as made:
        yield made


def document(player: Player, *args: str | int) -> dict[str, Any]:
    """What a command told with ``--json``; it must end well."""
    player.run(*args, "--json")
    step = player.kept[-1]
    assert step["exit"] == 0, step
    told: dict[str, Any] = step["stdout"][0]
    return told


def is_in(old: Any, new: Any) -> bool:
    """Whether *new* has all that *old* has; it may have more keys."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(k in new and is_in(v, new[k]) for k, v in old.items())
    if isinstance(old, list):
        same = isinstance(new, list) and len(old) == len(new)
        return same and all(is_in(a, b) for a, b in zip(old, new, strict=True))
    if isinstance(old, float):
        return bool(new == pytest.approx(old, rel=1e-9))
    return bool(old == new)


def check_told(player: Player, name: str) -> dict[str, Any]:
    """Hash and status are the recorded ones, and reading them twice changes nothing."""
    then = recorded(name)
    for words in Renamed.read(RENAMED).words():
        then["status"] = reworded(then["status"], words["old"], words["new"])
    for _ in range(2):
        assert document(player, "verify", name) == {"hash": then["hash"], "problems": []}
        now = document(player, "status", name)
        differ = {k: (v, now.get(k)) for k, v in then["status"].items() if not is_in(v, now.get(k))}
        assert differ == {}
    return now


def check_file(player: Player) -> None:
    """A person answers the audits that are left, and the call of then still says what they are for;
    a simulated reviewer answers what is left after that."""
    before = check_told(player, "file")
    answers = by_name(two_kinds(160, seed=21))
    for _ in range(6):
        player.label("file", "bob", answers)
        after = document(player, "run", "file", "--batch", 10)
    (certificate,) = [c for c in after["certificates"] if c["in_force"]]
    assert certificate["labels"] == after["labelled"]["autonomous"] > 0
    assert (certificate["max_error"], certificate["simulated"]) == (0.25, False)
    assert after["labelled"]["human"] > before["labelled"]["human"] == 33
    assert document(player, "verify", "file")["problems"] == []
    by_labels = document(player, "run", "file", "--reviewer", "labels", "--batch", 10)["labelled"]
    assert by_labels["human"] == after["labelled"]["human"]
    assert document(player, "verify", "file")["problems"] == []
    rows = document(player, "export", "file", "out.csv")["rows"]
    assert {by: n for by, n in by_labels.items() if n}.items() <= rows.items()


def test_a_promise_amid_its_audits(player: Player) -> None:
    unpack("file", player.stage / "file")
    check_file(player)


@pytest.mark.postgres
def test_a_promise_amid_its_audits_in_postgres(player: Player, postgres_url: str) -> None:
    unpack("file", player.stage / "file", postgres_url)
    check_file(player)


def test_a_stream_after_an_alarm(player: Player) -> None:
    unpack("stream", player.stage / "stream")
    before = check_told(player, "stream")
    assert "monitor" in before["certificates"][-1]["stop"]
    player.write("more.jsonl", jsonl(two_kinds(80, seed=40)))
    document(player, "import", "stream", "more.jsonl", "--labels-are", "gold")
    ask = ("--max-error", "0.2", "--batch", 16, "--reviewer", "labels")
    held = document(player, "run", "stream", *ask)
    assert "monitor" in held["certificates"][-1]["stop"]
    assert held["labelled"]["autonomous"] == before["labelled"]["autonomous"]
    assert held["labelled"]["simulated"] > before["labelled"]["simulated"]
    document(player, "drift", "stream", "--looked")
    assert document(player, "status", "stream")["certificates"][-1]["stop"] == ""
    assert document(player, "verify", "stream")["problems"] == []
