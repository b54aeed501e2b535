"""The terminal desk behind ``tiebreak label``: one record at a time, one key a decision, undo."""

from __future__ import annotations

import time
from collections.abc import Collection

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from tiebreak.api import Project
from tiebreak.cli.keys import Keys
from tiebreak.cli.output import visible
from tiebreak.domain.labels import in_words
from tiebreak.domain.reviews import Outcome
from tiebreak.errors import UsageError
from tiebreak.review import Card

PAGE = 8
DIGITS = "123456789"
HELP = "1-9 label   a agent's   / by name   d none fits   s skip   f flag   u undo   q quit"
SETS_HELP = (
    "1-9 on or off   Enter or y confirm   a agent's   / by names   d none applies   "
    "s skip   f flag   u undo   q quit"
)
CONFIRM = ("\n", "\r", "y")
SET_ASIDE: dict[str, Outcome] = {"s": "skip", "f": "flag", "d": "none"}


Answer = str | Collection[str] | None


class Picks:
    """The labels that are on for the card shown, in the order chosen."""

    def __init__(self) -> None:
        self.labels: list[str] = []
        self.touched = False

    def toggle(self, label: str) -> None:
        """Turn a label on or off."""
        self.touched = True
        if label in self.labels:
            self.labels.remove(label)
        else:
            self.labels.append(label)


class TerminalDesk:
    """Serves one person's leased records until the queue is empty or they quit."""

    def __init__(
        self,
        project: Project,
        who: str,
        *,
        console: Console | None = None,
        keys: Keys | None = None,
    ) -> None:
        self._project = project
        self._who = who
        self._console = console or Console()
        self._keys = keys or Keys()
        self._done: list[int] = []
        self._picks = Picks() if project.schema.multiple else None
        self._help = HELP if self._picks is None else SETS_HELP

    def work(self) -> int:
        """Serve records; returns how many were answered. Leases are let go at the end."""
        try:
            with self._keys:
                while batch := self._project.next_batch(PAGE, who=self._who):
                    for card in batch:
                        if not self._serve(card):
                            return len(self._done)
        finally:
            self._project.context.store.queue.release(self._who)
        left = len({task.record_id for task in self._project.context.store.queue.tasks()})
        self._console.print(
            f"{left} records are with other people." if left else "The queue is empty."
        )
        return len(self._done)

    def _serve(self, card: Card) -> bool:
        """Show a card until it is answered; False to quit."""
        choices = self._choices(card)
        if self._picks is not None:
            self._picks = Picks()
        self._keys.forget()
        self._show(card, choices)
        began = time.monotonic()
        while True:
            key = self._keys.read()
            if key == "q":
                return False
            if key == "u":
                self._undo()
                continue
            act = self._act(key, card, choices)
            if act is not None:
                outcome, label = act
                self._project.annotate(
                    card.record.id,
                    label,
                    who=self._who,
                    outcome=outcome,
                    seconds=round(time.monotonic() - began, 3),
                    shown="blind" if card.task.blind else "evidence",
                    suggestion=card.suggestion.seq if card.suggestion else None,
                    model_version=card.model_version,
                )
                self._done.append(card.record.id)
                return True
            self._console.print(self._help, style="dim", markup=False)

    def _act(self, key: str, card: Card, choices: list[str]) -> tuple[Outcome, Answer] | None:
        if key in SET_ASIDE:
            return SET_ASIDE[key], None
        if key == "a" and card.suggestion and card.suggestion.labels is not None:
            return "label", card.suggestion.labels
        if self._picks is not None:
            return self._pick(self._picks, key, choices)
        if key and key in DIGITS and int(key) <= len(choices):
            return "label", choices[int(key) - 1]
        if key.startswith("/"):
            named = self._by_name(key[1:])
            return ("label", named) if named else None
        return None

    def _pick(self, picks: Picks, key: str, choices: list[str]) -> tuple[Outcome, Answer] | None:
        """A set of labels: digits turn them on and off, Enter confirms; a line has all at once."""
        if key in CONFIRM:
            if picks.touched:
                return "label", picks.labels
            self._console.print("Choose the labels first, or press d: none applies.")
        elif len(key) == 1 and key in DIGITS[: len(choices)]:
            picks.toggle(choices[int(key) - 1])
            self._console.print(f"  on: {', '.join(picks.labels) or 'no label'}", markup=False)
        elif "," in key and not key.startswith("/"):
            at = [part.strip() for part in key.split(",") if part.strip()]
            if at and all(part in DIGITS[: len(choices)] for part in at):
                return "label", [choices[int(part) - 1] for part in at]
        elif key.startswith("/"):
            typed = key[1:] or self._keys.line("labels (comma-separated): ")
            names = [self._by_name(part.strip()) for part in typed.split(",") if part.strip()]
            if names and None not in names:
                return "label", [name for name in names if name]
        return None

    def _by_name(self, typed: str) -> str | None:
        """The one label that *typed* names or begins; asks for it when nothing was typed yet."""
        if not typed:
            typed = self._keys.line("label: ")
        names = self._project.schema.names
        if typed in names:
            return typed
        matches = [name for name in names if name.startswith(typed)]
        if len(matches) == 1:
            return matches[0]
        self._console.print(
            f"{len(matches)} labels begin with {typed!r}: {', '.join(matches[:12])}", markup=False
        )
        return None

    def _undo(self) -> None:
        if not self._done:
            self._console.print("Nothing to undo.")
            return
        record_id = self._done.pop()
        try:
            self._project.annotate(record_id, who=self._who, outcome="undo")
        except UsageError as problem:  # somebody else answered it since
            self._console.print(str(problem), markup=False)
            return
        self._console.print(f"Took back the last label; record {record_id} is in the queue again.")

    def _choices(self, card: Card) -> list[str]:
        """Labels behind the digits: the model's order, or the schema's on a blind card."""
        ranked = [label for label, _ in card.model] or list(self._project.schema.names)
        return ranked[: len(DIGITS)]

    def _show(self, card: Card, choices: list[str]) -> None:
        out = self._console
        title = " ".join(visible(card.record.external_id).split())
        out.print(Panel(Text(visible(card.record.text)), title=Text(title)))
        chances = dict(card.model)
        for digit, name in zip(DIGITS, choices, strict=False):
            chance = f"  {chances[name]:.2f}" if name in chances else ""
            out.print(Text(f"  {digit}  {name}{chance}"))
        if card.task.blind:
            out.print("Blind: it measures agent and model, so neither is shown.", style="dim")
        elif card.suggestion is not None:
            agent = card.suggestion
            given = f"abstained ({agent.abstain})"
            if agent.labels is not None:
                given = in_words(agent.labels)
            out.print(
                Text(f"  a  agent: {given}"), Text(f"— {visible(agent.rationale)}", style="dim")
            )
        for near in card.neighbours:
            out.print(
                Text(
                    f"     like ({near.similarity:.2f}) {in_words(near.labels)}: "
                    f"{visible(near.text[:90])}"
                ),
                style="dim",
            )
        out.print(self._help, style="dim", markup=False)
