"""Frozen policies with their candidates, audits and certificates, as a store keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tiebreak.domain.promises import Candidate, Certificate, Policy


class Promises(Protocol):
    """Append-only, all of it: a policy, a coin and a draw can be neither changed nor repeated."""

    def freeze(self, policy: Policy, candidates: Sequence[Candidate]) -> None:
        """Store a policy with its candidates; another one under its number is a `Conflict`."""
        ...

    def policies(self) -> list[Policy]:
        """By number."""
        ...

    def candidates(self, number: int) -> list[Candidate]:
        """Of one policy, by record id: those of the freeze, and arrivals."""
        ...

    def arrive(self, candidates: Sequence[Candidate]) -> int:
        """Append arrivals, each with its ``pi``; returns how many were not there before.

        One that is there stays as it is: another row for it is a `Conflict`. Where its policy is
        not stored, or has no ``audit_rate``, that is a `StoreError`.
        """
        ...

    def arrivals(self) -> list[Candidate]:
        """The arrivals of all policies, by policy and record id."""
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
        policy, tier and mode says the same; whether it was appended."""
        ...

    def certificates(self, *, last: bool = False) -> list[Certificate]:
        """By policy, tier, mode, seq; with *last* the newest of each of these alone."""
        ...
