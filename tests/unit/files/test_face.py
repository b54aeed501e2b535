"""`from tiebreak.files import …`: its names, and that importing them loads no reader's package."""

from __future__ import annotations

import subprocess
import sys

import tiebreak.files

HEAVY = ("pyarrow", "pandas", "openpyxl", "charset_normalizer", "sqlalchemy", "sklearn")


def test_the_names_of_the_face():
    assert tiebreak.files.__all__ == [
        "FileImport", "ImportOptions", "ImportSummary", "clean_text", "labels_of_column",
        "new_record", "whole_file", "write_rows",
    ]  # fmt: skip
    for name in tiebreak.files.__all__:
        assert getattr(tiebreak.files, name).__name__ == name


def test_the_face_loads_nothing_heavy():
    code = f"import sys, tiebreak.files; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
