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
    "api": 2,
    "cli": 1,
    "domain": 2,
    "drift": 2,
    "learner": 6,
    "loop": 5,
    "models": 20,
    "project": 7,
    "promise": 7,
    "retrieval": 1,
    "review": 3,
    "store": 2,
    "ui": 10,
}
"""Uses of banned identifiers, by room. A room that is not named has none."""
FINDABLE = 31
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
