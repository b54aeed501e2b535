"""Settings that `Project.create` is given stand in ``tiebreak.toml``, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tiebreak import Project, config
from tiebreak.errors import ConfigError

LABELS = ["bug", "request"]


def made(folder: Path, settings: dict[str, dict[str, Any]], **parts: Any) -> config.Settings:
    Project.create(folder, labels=LABELS, agent="none", settings=settings, **parts).close()
    return config.load(folder)


def test_keys_of_old_and_new_tables_are_read_back(tmp_path: Path) -> None:
    found = made(
        tmp_path / "p",
        {
            "project": {"seed": 7},
            "agent": {"base_url": 'http://127.0.0.1:1/"v1"', "retries": 0},
            "select": {"strategy": "entropy", "control_share": 0.25},
            "prices": {'the "best" model': {"input": 1e-05, "output": 2}},
            "budget": {"money": None, "currency": "EUR"},
        },
        task="say [what]\nit is",
    )
    assert (found.project.seed, found.project.task) == (7, "say [what]\nit is")
    assert (found.agent.name, found.agent.retries) == ("none", 0)
    assert found.agent.base_url == 'http://127.0.0.1:1/"v1"'
    assert (found.select.strategy, found.select.control_share) == ("entropy", 0.25)
    assert found.prices == {'the "best" model': config.Price(input=1e-05, output=2)}
    assert (found.budget.money, found.budget.currency) == (None, "EUR")


def test_no_settings_change_nothing(tmp_path: Path) -> None:
    assert made(tmp_path / "p", {}) == made(tmp_path / "q" / "p", {"project": {}})
    texts = {(tmp_path / at / config.FILE).read_text() for at in ("p", "q/p")}
    assert len(texts) == 1


def test_a_backslash_in_a_value_is_kept(tmp_path: Path) -> None:
    assert made(tmp_path / "p", {"project": {"name": r"a\1\g<0>"}}).project.name == r"a\1\g<0>"


def test_an_unknown_setting_names_the_nearest_and_makes_no_project(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"unknown key 'select.strateg'. Did you mean 'strategy'"):
        made(tmp_path / "p", {"select": {"strateg": "entropy"}})
    assert not (tmp_path / "p").exists()
