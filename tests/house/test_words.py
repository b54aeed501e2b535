"""The words of the house: a room's banned identifiers may only grow fewer, its terms lead to files.

``python tests/house/measure.py --list`` names them; `words.BANNED` says what to write instead.
"""

from __future__ import annotations

import re

import figures
from measure import ROOT
from tree import Tree
from words import BANNED, GLOSSARY, TERMS

CEILINGS = {
    "agents": 114,
    "api": 7,
    "cli": 66,
    "domain": 9,
    "drift": 15,
    "evaluation": 137,
    "learner": 274,
    "loop": 48,
    "models": 35,
    "project": 17,
    "promise": 18,
    "report": 12,
    "retrieval": 1,
    "review": 42,
    "simulation": 28,
    "store": 143,
    "ui": 58,
}
"""Uses of banned identifiers, by room. A room that is not named has none."""
FINDABLE = 30
"""So many of the field's terms name exactly one file. May only grow."""


def test_no_room_uses_more_banned_words(tree: Tree) -> None:
    over = {
        room: dict(count.most_common())
        for room, count in figures.banned(tree).items()
        if count.total() > CEILINGS.get(room, 0)
    }
    assert over == {}, "words.BANNED says what to write instead"


def test_the_fields_terms_lead_to_files(tree: Tree) -> None:
    assert len(figures.findable_terms(tree)) >= FINDABLE, sorted(
        set(TERMS) - set(figures.findable_terms(tree))
    )


def test_the_glossary_explains_every_standard_word() -> None:
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| ([^|]+?) \|", page, flags=re.MULTILINE))
    assert set(GLOSSARY) <= explained
    assert not {word.lower().replace(" ", "_") for word in GLOSSARY} & set(BANNED)


def test_no_replacement_is_a_banned_word_itself() -> None:
    instead = {word for text in BANNED.values() for word in re.findall(r"[a-zA-Z_]+", text)}
    assert instead & set(BANNED) == set()
