"""Budgets through the command line: refused without prices, never passed, nothing bought twice.

The address 0.0.0.0 reaches this machine, yet is none of its loopback names: to the product the
model behind it is a remote one.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from agent_projects import agent_project, set_key
from chat_stub import labelled, question
from commands import inside, inside_document, read, tiebreak
from contexts import slice_rows

from benchmarks.agents.chat_server import ChatServer, Sent
from tiebreak import config

ROWS = slice_rows(24, 6)
NAMES = sorted({r["label"] for r in ROWS})
IN, CACHED, OUT = 3_000, 300, 15_000
"""Nanos a token."""
PRICES = """
[prices."{model}"]
input = 3.0
cached_input = 0.3
output = 15.0
"""


class Meter(ChatServer):
    """Counts tokens in its own way, and remembers what it should be paid."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.nanos = 0
        self.tokens = 0
        self.asked: Counter[str] = Counter()

    @property
    def remote(self) -> str:
        """The address by which the server does not look like this machine's own."""
        return self.url.replace("127.0.0.1", "0.0.0.0")

    def _answer(self, body: dict[str, Any]) -> Sent:
        text = question(body)
        drawn = hashlib.sha256(text.encode()).digest()
        sent = sum(len(m["content"]) for m in body["messages"]) // 4
        cached, got = drawn[1] % 30, 5 + drawn[2] % 20
        with self._lock:
            self.nanos += (sent - cached) * IN + cached * CACHED + got * OUT
            self.tokens += sent + got
            self.asked[text] += 1
        return labelled(
            NAMES[0], prompt_tokens=sent, completion_tokens=got, cached_tokens=cached
        )  # fmt: skip

    @property
    def money(self) -> float:
        return self.nanos / 1_000_000_000

    def dearest(self) -> float:
        """At least what the worst case of any call so far was: every byte a token."""
        return max(len(json.dumps(b)) * IN + b["max_tokens"] * OUT for b in self.bodies) / 1e9


@pytest.fixture(autouse=True)
def _switch_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(config.KILL_SWITCH, "")
    monkeypatch.setenv("NO_PROXY", "*")


def spend_is_the_servers(folder: Path, server: Meter) -> None:
    told = inside_document("status", folder)["spend"]
    assert told == {"money": server.money, "calls": server.calls, "tokens": server.tokens}
    assert inside_document("verify", folder)["problems"] == []


def test_a_budget_over_a_remote_model_without_a_price_prints_the_lines_to_add(
    tmp_path: Path,
) -> None:
    with Meter() as server:
        folder = agent_project(tmp_path / "p", server.remote, ROWS)
        env = {config.KILL_SWITCH: None, "NO_PROXY": "*"}
        done = tiebreak("run", folder, "--batch", "6", "--budget", "1", code=2, env=env)
        assert server.calls == 0
        lines = done.stderr[done.stderr.index("[prices.") :].strip()
        told = tomllib.loads(lines)["prices"]
        assert told == {"openai:stub@0.0.0.0": {"input": 0, "output": 0, "cached_input": 0}}
        assert "tiebreak.toml" in done.stderr
        assert inside_document("verify", folder)["problems"] == []

        with (folder / "tiebreak.toml").open("a") as settings:
            settings.write(f"\n{lines}\n")  # as they stand: a price of nothing is a price
        report = inside_document("run", folder, "--batch", "6", "--budget", "1")
        assert (report["next"], report["queue"], server.calls) == ("review", 6, 6)
        assert report["spend"] == {"money": 0.0, "calls": 6, "tokens": server.tokens}


def test_a_budget_in_the_settings_is_refused_without_a_price_too(tmp_path: Path) -> None:
    with Meter() as server:
        folder = agent_project(tmp_path / "p", server.remote, ROWS, toml="[budget]\nmoney = 5.0")
        told = inside_document("run", folder, code=2)["error"]
        assert (told["kind"], server.calls) == ("PriceMissing", 0)


def test_without_a_budget_a_remote_model_needs_no_price(tmp_path: Path) -> None:
    with Meter() as server:
        folder = agent_project(tmp_path / "p", server.remote, ROWS)
        report = inside_document("run", folder, "--batch", "6")
        assert (report["next"], report["spend"]["money"]) == ("review", 0.0)
        simulated = ("run", folder, "--reviewer", "labels", "--rounds", "1", "--prelabel", "all")
        assert "at an unknown price" in " ".join(inside(*simulated).stderr.split())


def test_a_model_on_this_machine_is_free_within_any_budget(tmp_path: Path) -> None:
    with Meter() as server:
        folder = agent_project(tmp_path / "p", server.url, ROWS)
        report = inside_document("run", folder, "--batch", "6", "--budget", "0")
        assert (report["next"], server.calls, report["spend"]["money"]) == ("review", 6, 0.0)


def test_the_kill_switch_stops_a_remote_model_and_nothing_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(config.KILL_SWITCH, "1")
    with Meter() as server:
        folder = agent_project(tmp_path / "p", server.remote, ROWS)
        told = inside_document("run", folder, code=1)["error"]
        assert told["kind"] == "LLMForbidden"
        assert config.KILL_SWITCH in told["mend"]
        assert server.calls == 0


@pytest.mark.parametrize(("model", "remote"), [("openai:stub@0.0.0.0", True), ("stub", False)])
def test_a_run_stops_before_the_budget_keeps_what_it_bought_and_goes_on_with_more(
    model: str, remote: bool, tmp_path: Path
) -> None:
    budgets = [0.0, 0.009, 0.012, 0.015]
    with Meter() as server:
        folder = agent_project(
            tmp_path / "p",
            server.remote if remote else server.url,
            ROWS,
            toml=PRICES.format(model=model),
            max_rationale_tokens=40,
        )
        run = ("run", folder, "--batch", "24", "--budget")
        bought = []
        for budget in budgets:
            told = inside_document(*run, str(budget), code=3)
            assert told["next"] == "budget"
            assert f"the budget of {budget:g}" in told["message"]
            assert server.money <= budget
            # it stopped because the next call could have passed it, not sooner
            assert not server.bodies or server.money + server.dearest() > budget
            spend_is_the_servers(folder, server)
            bought.append(server.calls)
        assert bought[0] == 0
        assert bought == sorted(set(bought)), "each larger budget buys something"
        assert "--budget MORE" in inside(*run, "0.015", code=3).stdout

        report = inside_document(*run, "100")
        assert (report["next"], report["queue"]) == ("review", 24)
        assert server.calls == 24
        assert set(server.asked.values()) == {1}, "nothing is bought twice"
        spend_is_the_servers(folder, server)
        inside_document(*run, "100")
        assert server.calls == 24


def test_what_was_bought_is_kept_beside_a_budget_that_stops_the_sweep(tmp_path: Path) -> None:
    with Meter() as server:
        folder = agent_project(
            tmp_path / "p", server.url, ROWS, toml=PRICES.format(model="openai:stub")
        )
        simulated = ("run", folder, "--batch", "6", "--reviewer", "labels", "--rounds", "2")
        inside_document(*simulated)
        assert server.calls == 12
        more = (*simulated, "--prelabel", "all", "--score-heldout", "6", "--budget")
        stopped = inside(*more, str(server.money + 0.012), "--json", code=3)
        assert re.search(r"12 calls, about \d+ tokens, 0\.\d+ USD", stopped.stderr)
        told = read(stopped)
        assert 12 < server.calls < 24
        assert told["labelled"]["simulated"] == 12
        done = inside_document(*more, "100")
        assert server.calls == 24 + 6
        assert set(server.asked.values()) == {1}
        assert done["heldout"]["test"]["agent"]["n"] == 6
        spend_is_the_servers(folder, server)


def test_a_budget_below_what_is_spent_already_buys_nothing(tmp_path: Path) -> None:
    with Meter() as server:
        folder = agent_project(tmp_path / "p", server.url, ROWS, toml=PRICES.format(model="stub"))
        simulated = ("run", folder, "--batch", "6", "--reviewer", "labels")
        inside_document(*simulated, "--rounds", "1")
        before, calls = server.money, server.calls
        told = inside_document(*simulated, "--rounds", "2", "--budget", str(before / 2), code=3)
        assert (server.calls, told["spend"]["money"]) == (calls, before)


def test_other_prices_change_nothing_that_was_paid(tmp_path: Path) -> None:
    with Meter() as server:
        folder = agent_project(tmp_path / "p", server.url, ROWS, toml=PRICES.format(model="stub"))
        inside_document("run", folder, "--batch", "6")
        set_key(folder, "input = 3.0", "input = 30.0")
        spend_is_the_servers(folder, server)
