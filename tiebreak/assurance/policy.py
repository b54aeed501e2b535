"""The frozen bundle that a promise is about, and the hash that names it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from tiebreak.errors import UsageError


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyContent:
    """Everything that decides whether a record is labelled alone, and with which label.

    Change one part and it is another policy, with coins and evidence of its own.

    ``number``: 1, 2, .. counts promotions and fixes the version's share of delta. ``encoder``: the
    embedder's id. ``head``: sha256 of the classifier's file. ``agent``: the agent's model id.
    ``prompt``, ``guideline``: their hashes. ``demo_index``: hash of the snapshot that the agent's
    examples are retrieved from. ``fusion``: the fusion's parameters by name. ``labels``: the label
    set in order. ``tiers``: (label, tier) pairs. ``eps``: (tier, tolerated error) pairs.
    ``rungs``: (tier, threshold) pairs, numbers from unlabelled scores.
    """

    number: int
    encoder: str
    head: str
    agent: str
    prompt: str
    guideline: str
    demo_index: str
    fusion: tuple[tuple[str, float], ...]
    labels: tuple[str, ...]
    tiers: tuple[tuple[str, str], ...] = ()
    eps: tuple[tuple[str, float], ...] = ()
    rungs: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if self.number < 1:
            raise UsageError(
                f"Policy number {self.number!r} is no count.", mend="Count promotions from 1."
            )
        names = [name for name, _ in self.fusion]
        if len(set(names)) < len(names):
            raise UsageError(f"Fusion parameters {names!r} repeat.", mend="Name each one once.")

    @property
    def fingerprint(self) -> str:
        """sha256 (64 hex digits) of the contents without ``number``: equal policies, equal hash.

        Over JSON with sorted keys; numbers by Python's ``repr``, which reads back to the same
        double. The order of the fusion's parameters, tiers and tolerated errors does not matter,
        that of labels and rungs does.
        """
        parts = asdict(self)
        del parts["number"]
        for unordered in ("fusion", "tiers", "eps"):
            parts[unordered] = sorted(parts[unordered])
        try:
            text = json.dumps(parts, sort_keys=True, separators=(",", ":"), allow_nan=False)
        except ValueError:
            raise UsageError(
                "A policy holds a number that is not finite.", mend="Fit the fusion again."
            ) from None
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def version(self) -> str:
        """What coins are drawn under: number and fingerprint, so that a policy that is promoted a
        second time gets fresh coins, too.
        """
        return f"{self.number}-{self.fingerprint}"
