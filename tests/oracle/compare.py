"""What differs between two plays of a story, line by line."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from difflib import unified_diff
from html.parser import HTMLParser
from typing import Any

from renamed import KEPT, Renamed, Step

NEAR = 1e-9
"""Numbers in documents may differ by so much of themselves: processors round the last bits of
sums otherwise. Exports are compared byte for byte."""
LISTED = 12
"""Lines of a text's differences that are shown."""


def differences(old: list[Step], new: list[Step], renamed: Renamed, *, story: str) -> list[str]:
    """What differs in a story, but for what is meant; nothing if they are equal."""
    if [s["step"] for s in old] != [s["step"] for s in new]:
        return list(_texts([s["step"] for s in old], [s["step"] for s in new], "the steps"))
    lines: list[str] = []
    for number, (before, after) in enumerate(zip(old, new, strict=True), 1):
        expected, played = renamed.as_new(before, story), renamed.as_old(after, story)
        for part in ("exit", *KEPT):
            if renamed.leaves_out(before, story, part):
                continue
            was, now = expected.get(part), played.get(part)
            if was and now and part == "content" and before["step"].endswith(".html"):
                was, now = page_tokens(was), page_tokens(now)
            lines += _differ(was, now, f"{number} {before['step']}: {part}")
    return lines


class _Tokens(HTMLParser):
    """A page as what a reader's program makes of it: tags with their attributes, and texts."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens: list[str] = []
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._style = tag == "style"
        self.tokens.append(f"<{tag} {sorted(attrs, key=str)}>")

    def handle_endtag(self, tag: str) -> None:
        self._style = False
        self.tokens.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        words = "" if self._style else " ".join(data.split())
        if words:
            self.tokens.append(words)


def page_tokens(lines: list[str]) -> list[str]:
    """A page's tags and texts, without white space between them and without its style."""
    parser = _Tokens()
    parser.feed("\n".join(lines))
    return parser.tokens


def _differ(old: Any, new: Any, at: str) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _dicts(old, new, at)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _lists(old, new, at)
    elif isinstance(old, float) and isinstance(new, float):
        if not math.isclose(old, new, rel_tol=NEAR, abs_tol=NEAR**2):
            yield f"{at}: {old!r}, now {new!r}"
    elif old != new or type(old) is not type(new):
        yield f"{at}: {_short(old)}, now {_short(new)}"


def _dicts(old: dict[str, Any], new: dict[str, Any], at: str) -> Iterator[str]:
    for key, value in old.items():
        if key in new:
            yield from _differ(value, new[key], f"{at}.{key}")
        else:
            yield f"{at}.{key}: gone, was {_short(value)}"
    yield from (f"{at}.{key}: new, {_short(new[key])}" for key in new if key not in old)


def _lists(old: list[Any], new: list[Any], at: str) -> Iterator[str]:
    if all(isinstance(x, str) for x in old + new):
        yield from _texts(old, new, at)
    elif len(old) != len(new):
        yield f"{at}: {len(old)} items, now {len(new)}"
    else:
        for i, (a, b) in enumerate(zip(old, new, strict=True)):
            yield from _differ(a, b, f"{at}[{i}]")


def _texts(old: list[str], new: list[str], at: str) -> Iterator[str]:
    found = [x.rstrip("\n") for x in unified_diff(old, new, n=0, lineterm="")][2:]
    if found:
        yield f"{at}:"
    yield from (f"    {line[:300]}" for line in found[:LISTED])
    if len(found) > LISTED:
        yield f"    … {len(found) - LISTED} lines more"


def _short(value: Any) -> str:
    raw = json.dumps(value, ensure_ascii=False)
    return raw if len(raw) < 200 else f"{raw[:200]}…"
