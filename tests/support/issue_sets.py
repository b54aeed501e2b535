"""Real issues with several tags each, a **simulated agent** and a **simulated person** for them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from chat_stub import question

from benchmarks.agents.chat_server import Sent, chat_reply

FILE = Path(__file__).parents[1] / "data/multi_label/issues.jsonl"


def issues() -> list[dict[str, Any]]:
    """Rows with id, text, tags (a list) and split."""
    return [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


def tags() -> list[str]:
    """Every tag, sorted."""
    return sorted({tag for row in issues() for tag in row["tags"]})


class SimulatedSetAgent:
    """Answers as a server would whose model knows the tags: to a part of the texts, by a hash of
    each, with one tag dropped or added, and to a few with JSON that breaks off."""

    def __init__(self, wrong: float = 0.25, broken: float = 0.05) -> None:
        self._wrong, self._broken = wrong, broken
        self._known = {row["text"]: row["tags"] for row in issues()}
        self._tags = tags()

    def says(self, text: str) -> list[str] | None:
        """Its tags for a text; None where its JSON breaks off."""
        draw = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32
        if draw < self._broken:
            return None
        right = self._known[text]
        if draw >= self._broken + self._wrong:
            return list(right)
        return right[1:] if right else [self._tags[0]]

    def __call__(self, body: dict[str, Any]) -> Sent:
        said = self.says(question(body))
        reply = json.dumps({"labels": said or [], "rationale": "It reads so (simulated)."})
        return Sent(chat_reply(reply if said is not None else reply[:9], prompt_tokens=100))
