"""Prompts fitted to the model's context: demonstrations go first, then the middle of the text.

There is no tokenizer for a model behind an API, so lengths are estimated, on the high side for
English prose: three letters a token, and a token for each digit, sign or non-ASCII byte.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

PER_MESSAGE = 8
GAP = "\n[…]\n"
_LETTERS = re.compile(r"[A-Za-z]+")
_SPACE = re.compile(r" (?=[A-Za-z])")  # goes into the token of the word that follows


@dataclass(frozen=True)
class FittedPrompt:
    """What is left of the text, how many demonstrations were dropped, how many characters."""

    text: str
    demonstrations_cut: int
    characters_cut: int

    def cut(self, hidden: int = 0) -> str:
        """What was left out, in words for the record: ``demos:3 chars:1200 hidden:2``."""
        parts = {
            "demos": self.demonstrations_cut,
            "chars": self.characters_cut,
            "hidden": hidden,
        }
        return " ".join(f"{name}:{n}" for name, n in parts.items() if n)


def tokens(text: str) -> int:
    """About how many tokens a text has, guessed high."""
    words = [len(word) for word in _LETTERS.findall(text)]
    rest = len(text.encode("utf-8", "surrogatepass")) - sum(words) - len(_SPACE.findall(text))
    return sum(-(-n // 3) for n in words) + rest


def fit_prompt(
    text: str, *, fixed: int, demonstrations: Sequence[int], limit: int
) -> FittedPrompt | None:
    """The largest prompt within *limit* tokens, or None if not even an empty text fits.

    ``fixed`` tokens are there in any case; ``demonstrations`` are the lengths of the examples,
    least similar first, which is the order in which they are dropped. When none is left,
    characters from the middle of the text go.
    """
    need = fixed + tokens(text)
    for dropped in range(len(demonstrations) + 1):
        if need + sum(demonstrations[dropped:]) <= limit:
            return FittedPrompt(text, dropped, 0)
    if fixed > limit:
        return None
    low, high = 0, min(len(text), limit * 4)
    while low < high:
        middle = (low + high + 1) // 2
        if fixed + tokens(_ends(text, middle)) <= limit:
            low = middle
        else:
            high = middle - 1
    return FittedPrompt(_ends(text, low), len(demonstrations), len(text) - low)


def _ends(text: str, keep: int) -> str:
    if keep <= 0:
        return ""
    if keep >= len(text):
        return text
    head = (keep + 1) // 2
    tail = keep - head
    return text[:head] + GAP + (text[-tail:] if tail else "")
