"""Record text on its way into a prompt: cleaned of what cannot be seen, and fenced as data.

The marker is drawn from a hash of the seed and of everything it fences: the same request always
has the same one, and a text cannot hold its own. A marker in a reply means that the model copied
its input instead of answering. Source: ``spotlighting``, arXiv 2403.14720.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

_KEPT = "\n\t"
_HIDDEN = {"Cc", "Cf", "Cs"}
_FENCE = re.compile(r"\[\[([0-9a-f]{8})\]\]\n(.*)\n\[\[\1\]\]", re.DOTALL)


def clean(text: str) -> tuple[str, int]:
    """The text without control, zero-width, bidi, tag and surrogate characters; how many it had.

    Line ends become newlines first, which counts as nothing.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    if plain.isascii() and plain.isprintable():
        return plain, 0
    kept = "".join(c for c in plain if c in _KEPT or unicodedata.category(c) not in _HIDDEN)
    return kept, len(plain) - len(kept)


def marker(seed: int, texts: Iterable[str]) -> str:
    """Eight hex digits that stand in none of the *texts*."""
    whole = "\0".join(texts)
    turn = 0
    while True:
        raw = f"{seed}/{turn}/{whole}".encode("utf-8", "surrogatepass")
        mark = hashlib.sha256(raw).hexdigest()[:8]
        if mark not in whole:
            return mark
        turn += 1


def fence(text: str, mark: str) -> str:
    """The text between two lines with the marker."""
    return f"[[{mark}]]\n{text}\n[[{mark}]]"


def fenced(message: str) -> str | None:
    """The text inside the fence of a message, or None without one: what test doubles read."""
    found = _FENCE.search(message)
    return found.group(2) if found else None
