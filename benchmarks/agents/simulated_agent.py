"""The **simulated agent**: a loopback chat server whose answers are gold labels, corrupted.

``python -m benchmarks.agents.simulated_agent FILE.jsonl.gz --port N`` serves until
interrupted; then ``agent.name = "openai:simulated"`` and ``agent.base_url`` point at it. Its
figures say something about our loop, nothing about any model.

It is right on ``accuracy`` of the records. Errors follow difficulty: a record's chance of a wrong
answer grows with the square of the probability that an out-of-fold TF-IDF + logistic regression
denies its true label, and the wrong answer is that model's likeliest other label. Further 3 % of
the texts get broken JSON, 2 % a refusal, and 1 % a 429 on their first attempt. All is decided by a
seeded hash of the text, so a rerun is answered alike.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.agents.chat_server import ChatServer, Sent, chat_reply
from tiebreak.agents.labelling.codes import read_table
from tiebreak.agents.labelling.fencing import fenced, neutralise

INVALID, REFUSED, BUSY = 0.03, 0.02, 0.01
WORST = 0.95
HEAD = 200


@dataclass(frozen=True)
class Known:
    """What the agent says about a text: its answer, the runner-up, its chance to be right."""

    answer: str
    other: str
    chance: float


class SimulatedAgent(ChatServer):
    """A context manager: ``.url`` for ``base_url``, ``.calls``, ``.answered``.

    Args:
        rows: dicts with ``text`` and ``label``; rows without a label are left out.
        accuracy: share of right answers among those given.
        seed: another seed errs on other records.
    """

    def __init__(
        self,
        rows: Sequence[dict[str, Any]],
        accuracy: float = 0.85,
        seed: int = 0,
        *,
        port: int = 0,
    ) -> None:
        super().__init__(self._answer, port=port)
        self.seed = seed
        self.known = corrupt([r for r in rows if r.get("label")], accuracy, seed)
        self._by_head = {text[:HEAD]: truth for text, truth in reversed(self.known.items())}
        self._default = next(iter(self.known.values()))
        self._made_wait: set[str] = set()

    def _answer(self, body: dict[str, Any]) -> Sent:
        text = fenced(body["messages"][-1]["content"]) or ""
        if self._draw("busy", text) < BUSY and text not in self._made_wait:
            self._made_wait.add(text)
            error = {"message": "Slow down.", "type": "rate_limit", "code": "rate_limit"}
            return Sent({"error": error}, status=429, headers={"Retry-After": "0.05"})
        sent = sum(len(m["content"]) for m in body["messages"]) // 4
        fault = self._draw("fault", text)
        if INVALID <= fault < INVALID + REFUSED:
            return Sent(chat_reply(None, refusal="I cannot help with that.", prompt_tokens=sent))
        truth = self.known.get(text) or self._by_head.get(text[:HEAD], self._default)
        if body.get("logprobs"):
            return Sent(self._score(body, truth, sent, broken=fault < INVALID))
        reply = json.dumps({"label": truth.answer, "rationale": "It reads like this (simulated)."})
        if fault < INVALID:
            reply = reply[: len(reply) // 2]
        return Sent(chat_reply(reply, prompt_tokens=sent, completion_tokens=len(reply) // 4))

    def _score(
        self, body: dict[str, Any], truth: Known, sent: int, *, broken: bool
    ) -> dict[str, Any]:
        """The reply with logprobs: the answer's code at its chance, then the runner-up's."""
        system = next(
            m["content"] for m in body["messages"] if m["role"] in ("system", "developer")
        )
        table = read_table(system)
        if broken or not table:
            return chat_reply("Well", top=[("Well", -0.1), (",", -2.4)], prompt_tokens=sent)
        ranked = sorted(table, key=lambda code: -_likeness(table[code], truth))
        others = (1 - truth.chance) / len(table)
        chances = [truth.chance, (1 - truth.chance) / 2, *[others] * len(table)]
        top = [(code, math.log(p)) for code, p in zip(ranked, chances, strict=False)]
        kept = top[: body.get("top_logprobs", 20)]
        return chat_reply(ranked[0], top=kept, finish="length", prompt_tokens=sent)

    def _draw(self, what: str, text: str) -> float:
        return draw(self.seed, what, text)


def _likeness(line: str, truth: Known) -> int:
    """2 for the answer's line in the table of codes, 1 for the runner-up's, else 0."""
    for worth, label in ((2, truth.answer), (1, truth.other)):
        if line == label or line.startswith(f"{label}: "):
            return worth
    return 0


def corrupt(rows: Sequence[dict[str, Any]], accuracy: float, seed: int) -> dict[str, Known]:
    """What will be said about each text (cleaned as prompts clean it; the first of equals)."""
    texts = [neutralise(row["text"])[0] for row in rows]
    labels = sorted({row["label"] for row in rows})
    truth = np.array([labels.index(row["label"]) for row in rows])
    guess = out_of_fold(texts, truth, len(labels))
    at = np.arange(len(rows))
    errs = error_rates(1 - guess[at, truth], 1 - accuracy)
    guess[at, truth] = -1.0
    other = guess.argmax(axis=1)
    known: dict[str, Known] = {}
    for i, text in enumerate(texts):
        right, wrong = labels[truth[i]], labels[other[i]]
        chance = min(0.99, max(0.3, 1 - errs[i] + 0.1 * (draw(seed, "sure", text) - 0.5)))
        if draw(seed, "wrong", text) < errs[i]:
            right, wrong = wrong, right
        known.setdefault(text, Known(right, wrong, chance))
    return known


def out_of_fold(
    texts: Sequence[str], truth: npt.NDArray[np.int64], n_labels: int, folds: int = 3
) -> npt.NDArray[np.float64]:
    """float64[n, n_labels]: each row's probabilities by a model that did not see it."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    features = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit_transform(texts)
    fold = np.array([int(draw(0, "fold", text) * folds) for text in texts])
    guess = np.zeros((len(texts), n_labels))
    for k in range(folds):
        seen = fold != k
        if len(np.unique(truth[seen])) < 2 or seen.all():
            continue
        # A looser tolerance stops at once where there are many labels, and every record is hard.
        head = LogisticRegression(C=10.0, max_iter=60, tol=1e-3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # near enough: it is only to tell hard from easy
            head.fit(features[seen], truth[seen])
        guess[np.ix_(~seen, head.classes_)] = head.predict_proba(features[~seen])
    return guess


def error_rates(difficulty: npt.NDArray[np.float64], wanted: float) -> npt.NDArray[np.float64]:
    """Each record's chance of a wrong answer: k·difficulty², at most .95, *wanted* on average."""
    low, high = 0.0, 1e6
    for _ in range(100):
        middle = (low + high) / 2
        rates = np.minimum(WORST, middle * difficulty**2)
        low, high = (middle, high) if rates.mean() < wanted else (low, middle)
    return np.minimum(WORST, low * difficulty**2)


def draw(seed: int, what: str, text: str) -> float:
    """A number in [0, 1) that depends on nothing else."""
    raw = hashlib.sha256(f"{seed}/{what}/{text}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(raw[:8], "big") / 2**64


def read_rows(path: Path | str) -> list[dict[str, Any]]:
    """Rows of a ``.jsonl`` or ``.jsonl.gz`` file."""
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def main() -> None:
    """Serve one file until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--accuracy", type=float, default=0.85)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with SimulatedAgent(
        read_rows(given.file), given.accuracy, given.seed, port=given.port
    ) as agent:
        print(f"simulated agent at {agent.url}", flush=True)
        agent.wait()


if __name__ == "__main__":
    main()
