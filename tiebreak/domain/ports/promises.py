"""Frozen policies with their candidates, audits and certificates, as a store keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tiebreak.domain.promises import Candidate, Certificate, PolicyCard


class Promises(Protocol):
    """Append-only, all of it: a policy, a coin and a draw can be neither changed nor repeated."""

    def freeze(self, policy: PolicyCard, candidates: Sequence[Candidate]) -> None:
        """Store a policy with its candidates; another one under its number is a `Conflict`."""
        ...

    def policies(self) -> list[PolicyCard]:
        """By number."""
        ...

    def candidates(self, number: int) -> list[Candidate]:
        """Of one policy, by record id."""
        ...

    def draw(self, number: int, record_ids: Sequence[int]) -> int:
        """Write that these candidates are to be audited; returns how many were not before.

        A record that is no candidate of the policy is a `StoreError`.
        """
        ...

    def drawn(self, number: int) -> set[int]:
        """Records of a policy that are to be audited, or were."""
        ...

    def certify(self, certificate: Certificate) -> bool:
        """Append a state (``seq`` and ``created_at`` are set here) unless the last one of its
        policy and tier says the same; whether it was appended."""
        ...

    def certificates(self, *, last: bool = False) -> list[Certificate]:
        """By policy, tier, seq; with *last* the newest of each policy and tier alone."""
        ...
