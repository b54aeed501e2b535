"""A project opened for work: its parts, who is in its pool, how it is made and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.project.backup import backup_project, restore_project
    from tiebreak.project.context import ProjectContext, QuietProgress, utc_now
    from tiebreak.project.doctor import run_checks
    from tiebreak.project.init import LABELS, create_project, names_schema, read_labels
    from tiebreak.project.pool import (
        NOT_PROVEN,
        PoolState,
        batch_size,
        current_round,
        frozen_candidates,
        withheld_records,
    )
    from tiebreak.project.sampling import is_blind_sample, is_sampled

__getattr__ = lazy_face(__name__)
