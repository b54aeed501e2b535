"""Weights that come in a package: found without importing it, and checked before they are used."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

from tiebreak.errors import MissingPackage


def packaged(package: str, file: str, sha256: str) -> Path | None:
    """The path of *file* in an installed package; None where there is none.

    Raises:
        MissingPackage: the file's SHA-256 (hex) is another.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / file
    if not path.is_file():
        return None
    with path.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    if found != sha256:
        raise MissingPackage(
            f"The packaged file {str(path)!r} is damaged: sha256 {found[:12]!r}, "
            f"not {sha256[:12]!r}.",
            mend=f"Install it again: pip install --force-reinstall {package.replace('_', '-')}",
        )
    return path
