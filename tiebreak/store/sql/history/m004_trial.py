"""Which classifier a head is, and the comparison on the control arm that chose it."""

STATEMENTS = (
    "ALTER TABLE models ADD COLUMN head TEXT NOT NULL DEFAULT 'logistic'",
    "ALTER TABLE models ADD COLUMN trial TEXT",
)
SQLITE: tuple[str, ...] = ()
POSTGRESQL: tuple[str, ...] = ()
