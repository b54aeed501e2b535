"""A project opened for work: its parts, who is in its pool, how it is made and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.project.backup import (
        backup_project as backup_project,
        restore_project as restore_project,
    )
    from tiebreak.project.context import (
        ProjectContext as ProjectContext,
        QuietProgress as QuietProgress,
        utc_now as utc_now,
    )
    from tiebreak.project.doctor import run_checks as run_checks
    from tiebreak.project.init import (
        LABELS as LABELS,
        create_project as create_project,
        names_schema as names_schema,
        read_labels as read_labels,
    )
    from tiebreak.project.pool import (
        NOT_PROVEN as NOT_PROVEN,
        PoolState as PoolState,
        batch_size as batch_size,
        current_round as current_round,
        frozen_candidates as frozen_candidates,
        withheld_records as withheld_records,
    )
    from tiebreak.project.sampling import (
        is_blind_sample as is_blind_sample,
        is_sampled as is_sampled,
    )

__getattr__ = lazy_face(
    __name__,
    {
        "backup": "backup_project restore_project",
        "context": "ProjectContext QuietProgress utc_now",
        "doctor": "run_checks",
        "init": "LABELS create_project names_schema read_labels",
        "pool": "NOT_PROVEN PoolState batch_size current_round frozen_candidates withheld_records",
        "sampling": "is_blind_sample is_sampled",
    },
)
