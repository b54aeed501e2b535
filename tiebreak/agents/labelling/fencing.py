"""Record text on its way into a prompt: cleaned of what cannot be seen, and fenced as data.

The marker, the name of a nonsense tag, is drawn from a hash of the seed and of everything that it
fences: the same request always has the same one, and a text cannot hold its own. A marker in a
reply means that the model copied its input instead of answering. Source: arXiv 2403.14720.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

_KEPT = "\n\t"
_HIDDEN = {"Cc", "Cf", "Cs"}
_LETTERS = "bcdfghjklmnpqrstvwxz"  # no vowels: no words; few letters: few tokens in every turn
_SHORTEST = 4
_FENCE = re.compile(r"<([b-z]{4,})>(.*)</\1>", re.DOTALL)


def neutralise(text: str) -> tuple[str, int]:
    """The text without control, zero-width, bidi, tag and surrogate characters; how many it had.

    Line ends become newlines first, which counts as nothing.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    if plain.isascii() and plain.isprintable():
        return plain, 0
    kept = "".join(c for c in plain if c in _KEPT or unicodedata.category(c) not in _HIDDEN)
    return kept, len(plain) - len(kept)


def marker(seed: int, texts: Iterable[str]) -> str:
    """Four letters that stand in none of the *texts*; more where long texts hold all of four."""
    joined = "\0".join(texts)
    digest = hashlib.sha256(f"{seed}/{joined}".encode("utf-8", "surrogatepass")).digest()
    mark = "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest)
    return next(mark[:n] for n in range(_SHORTEST, len(mark) + 1) if mark[:n] not in joined)


def fence(text: str, mark: str) -> str:
    """The text between a pair of tags named by the marker."""
    return f"<{mark}>{text}</{mark}>"


def fenced(message: str) -> str | None:
    """The text inside the fence of a message, or None without one: what test doubles read."""
    match = _FENCE.search(message)
    return match.group(2) if match else None
