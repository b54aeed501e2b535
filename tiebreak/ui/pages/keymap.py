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

_MULTIPLE = {
    "Accept the agent's label": "Confirm the labels that are on: at first the agent's",
    "Labels 1 to 10": "Labels 1 to 10, on or off",
    "Labels 11 to 19": "Labels 11 to 19, on or off",
    "Find a label by typing": "Find a label to turn on or off",
    "None of these labels fits": "None of these labels applies",
}


def keys(multiple: bool) -> tuple[tuple[str, str], ...]:
    """(keys, what they do), for a project where any number of labels may apply or for others."""
    return tuple((k, _MULTIPLE.get(does, does) if multiple else does) for k, does in KEYS)
