"""The desk's keys, for pages that list them. The card has its own table; a test compares both."""

from __future__ import annotations

KEYS = (
    ("Enter or A", "accept what the agent proposes"),
    ("1 to 9, 0", "choose a label by its number"),
    ("Shift+1 to 9", "labels 11 to 19"),
    ("/", "find a label by typing, Enter takes it"),
    ("S", "skip: not now"),
    ("F", "flag for a second look"),
    ("D", "none of these labels fits"),
    ("U or Backspace", "undo"),
    ("← →", "look back and forward"),
    ("E", "show all the evidence"),
    ("G", "show the guideline"),
    ("N", "write a note"),
    ("?", "list and change the keys"),
    ("Esc", "close what is open"),
)
