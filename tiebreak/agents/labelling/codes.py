"""Opaque one-token codes for labels, permuted per request, and the reading of their likelihood.

A letter per label, in an order drawn per record, takes the bias of position and of letter out of
the average (arXiv 2309.03882). Log-probabilities of the first token, renormalised over the codes,
are the best confidence that an API gives.
"""

from __future__ import annotations

import hashlib
import math
import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CODES = string.ascii_uppercase + string.ascii_lowercase
_LINE = re.compile(r"^([A-Za-z]) = (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Scored:
    """The best label and its probability among the codes."""

    label: str
    confidence: float


def assign_codes(labels: Sequence[str], seed: int, text: str) -> dict[str, str]:
    """Code to label. The order depends on the seed and the text alone, not on the record's id."""
    raw = f"{seed}\0{text}".encode("utf-8", "surrogatepass")
    order = sorted(labels, key=lambda name: hashlib.sha256(raw + b"\0" + name.encode()).digest())
    return dict(zip(CODES, order, strict=False))


def code_table(codes: Mapping[str, str], meanings: Mapping[str, str]) -> str:
    """The lines ``A = label: definition`` of a prompt."""
    return "\n".join(
        f"{code} = {label}" + (f": {meanings[label]}" if meanings.get(label) else "")
        for code, label in codes.items()
    )


def read_table(message: str) -> dict[str, str]:
    """Code to ``label`` or ``label: definition`` from a prompt: what test doubles read."""
    return dict(_LINE.findall(message))


def score(top: Sequence[tuple[str, float]], codes: Mapping[str, str]) -> Scored | None:
    """The likeliest label among the codes in *top* (token, logprob); None if no code is there.

    A code that the server did not list is unknown, not impossible: its probability is counted at
    the most it can be, that of the least likely token listed. So the confidence is never above
    p(best) over the sum of the codes found, and equals it when all were found.
    """
    probabilities: dict[str, float] = {}
    for token, logprob in top:
        code = token.strip()
        if code in codes:
            probabilities[code] = probabilities.get(code, 0.0) + math.exp(logprob)
    if not probabilities:
        return None
    best = max(probabilities, key=lambda code: probabilities[code])
    unlisted = (len(codes) - len(probabilities)) * min(math.exp(logprob) for _, logprob in top)
    total = sum(probabilities.values()) + unlisted
    return Scored(codes[best], probabilities[best] / total if total > 0 else 0.0)
