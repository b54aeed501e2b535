"""The desk's keys, for pages that list them. The card has its own table; a test compares both."""

from __future__ import annotations

KEYS = (
    ("Enter, A", "Accept the agent's label"),
    ("1 … 9, 0", "Labels 1 to 10"),
    ("⇧1 … ⇧9", "Labels 11 to 19"),
    ("/", "Find a label by typing"),
    ("D", "None of these labels fits"),
    ("S", "Skip this record"),
    ("F", "Flag for a second look"),
    ("U, ⌫", "Undo the last answer"),
    ("←", "Look back"),
    ("→", "Look forward"),
    ("N", "Write a note"),
    ("E", "Show all the evidence"),
    ("G", "Show the guideline"),
    ("?", "List and change the keys"),
    ("Esc", "Close, leave a field"),
)
