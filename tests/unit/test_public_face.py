"""`from tiebreak import …`: the names, and that they cost nothing until used."""

from __future__ import annotations

import subprocess
import sys

import tiebreak

HEAVY = ("torch", "sentence_transformers", "faiss", "sklearn", "scipy", "pandas", "pyarrow",
         "sqlalchemy", "jinja2", "langchain_core", "openai", "numpy", "rich.progress")  # fmt: skip


def test_all_is_sorted_and_every_name_loads() -> None:
    assert tiebreak.__all__ == sorted(tiebreak.__all__)
    for name in tiebreak.__all__:
        assert getattr(tiebreak, name).__name__ == name


def test_the_public_names_are_these() -> None:
    assert tiebreak.__all__ == [
        "Annotation", "AnswerScores", "Card", "CertificateStatus", "ConsensusReport", "Decision",
        "DriftReport", "Estimate", "ImportOptions", "ImportSummary", "IntegrityProblem", "Label",
        "LabelIssuesReport", "LabelPrevalence", "LabelSchema", "LearningCurvePoint", "MetricsRow",
        "PeopleReport", "Project", "ProjectForecast", "Record", "Report", "ReviewTask",
        "RunEstimate", "RunOptions", "RunResult", "Status", "Suggestion", "TiebreakError",
        "to_json",
    ]  # fmt: skip


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from tiebreak.cli.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as end:\n    assert not end.code\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
