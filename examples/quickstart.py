"""The loop from Python: make a project, add texts, answer what is asked, train, predict, export.

Run it with ``python examples/quickstart.py``. Here a lookup plays the person.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tiebreak import Project

TICKETS = {
    "The app crashes when I open the settings": "bug",
    "Login fails with error 500": "bug",
    "The export button does nothing": "bug",
    "Photos are upside down after upload": "bug",
    "Search freezes on long words": "bug",
    "The total in the invoice is wrong": "bug",
    "Please add a dark mode": "request",
    "It would be great to export to Excel": "request",
    "Can you support two languages at once?": "request",
    "I wish I could pin a conversation": "request",
    "Add keyboard shortcuts, please": "request",
    "An API for bulk upload would help us": "request",
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Project.create(
            Path(folder) / "tickets",
            labels=["bug", "request"],
            task="Is the ticket a bug report or a feature request?",
            agent="none",
        )
        with project:
            project.add(TICKETS)
            report = project.run(batch=6)
            print(f"next: {report.next}, in the queue: {report.queue}")

            for card in project.next_batch(6, who="ada"):
                project.annotate(card.record.id, TICKETS[card.record.text], who="ada")
            report = project.run(batch=3)
            print(f"labelled by people: {report.labelled.human}")

            answer = next(project.predict(["The page crashes on save"]))
            print(f"prediction: {answer.label} ({answer.confidence:.2f})")

            rows = project.export(Path(folder) / "labels.csv")
            print(f"exported: {rows}")


if __name__ == "__main__":
    main()
