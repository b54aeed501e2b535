"""Frozen policies, candidates, audits and certificates, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tiebreak.domain.promises import Candidate, Certificate, Mode, Policy
from tiebreak.store.memory.state import MemoryPart, locked
from tiebreak.store.rules import (
    check_arrivals,
    new_arrivals,
    no_candidates,
    policy_exists,
    same_policy,
    same_state,
    stamp,
)


class MemoryPromises(MemoryPart):
    """`tiebreak.domain.ports.Promises` in memory."""

    @locked
    def freeze(self, policy: Policy, candidates: Sequence[Candidate]) -> None:
        known = self._state.policies.get(policy.number)
        if known is not None:
            if same_policy(known, policy):
                return
            raise policy_exists(policy.number)
        self._check_known({item.record_id for item in candidates})
        self._state.policies[policy.number] = replace(policy, created_at=self._now())
        self._state.candidates.update({(c.policy, c.record_id): c for c in candidates})

    @locked
    def policies(self) -> list[Policy]:
        return [card for _, card in sorted(self._state.policies.items())]

    @locked
    def candidates(self, number: int) -> list[Candidate]:
        return [c for (policy, _), c in sorted(self._state.candidates.items()) if policy == number]

    @locked
    def arrive(self, candidates: Sequence[Candidate]) -> int:
        check_arrivals(candidates, self._state.policies.values())
        self._check_known({item.record_id for item in candidates})
        new = new_arrivals(candidates, self._state.candidates)
        self._state.candidates.update({(c.policy, c.record_id): c for c in new})
        return len(new)

    @locked
    def arrivals(self) -> list[Candidate]:
        return [c for _, c in sorted(self._state.candidates.items()) if c.pi is not None]

    @locked
    def draw(self, number: int, record_ids: Sequence[int]) -> int:
        wanted = {(number, record_id) for record_id in record_ids}
        if unknown := wanted - self._state.candidates.keys():
            raise no_candidates(number, {record_id for _, record_id in unknown})
        new = wanted - self._state.audits.keys()
        self._state.audits.update(dict.fromkeys(new, self._now()))
        return len(new)

    @locked
    def drawn(self, number: int) -> set[int]:
        return {record_id for policy, record_id in self._state.audits if policy == number}

    @locked
    def certify(self, certificate: Certificate) -> bool:
        earlier = [c for c in self.certificates() if _track(c) == _track(certificate)]
        if earlier and same_state(earlier[-1], certificate):
            return False
        stored = replace(certificate, seq=len(earlier) + 1, created_at=self._now())
        self._state.certificates[*_track(stored), stored.seq] = stored
        return True

    @locked
    def certificates(self, *, last: bool = False) -> list[Certificate]:
        states = [state for _, state in sorted(self._state.certificates.items())]
        return list({_track(c): c for c in states}.values()) if last else states

    def _now(self) -> str:
        return stamp(self._memory.clock)


def _track(certificate: Certificate) -> tuple[int, str, Mode]:
    return certificate.policy, certificate.tier, certificate.mode
