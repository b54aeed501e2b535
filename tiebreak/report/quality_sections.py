"""What is known beside the proof: accuracies, the curve, labels, people, spend, drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tiebreak.report import charts
from tiebreak.report.parts import Html, el, join, table, text

Told = Mapping[str, Any]


def accuracies(told: Told) -> Html:
    """Who is right how often, on records drawn by lot and on held-out ones."""
    control = told["control"]
    rows = [(f"{who}, control arm", control[who]) for who in ("model", "agent")]
    for split, figures in (told["heldout"] or {}).items():
        rows += [(f"{who}, split {split}", figures[who]) for who in ("model", "agent")]
    note = (
        f"The control arm is drawn by lot and labelled blind: {control['n']:,} of its records "
        "have a label. Intervals are 95 %, exact (Clopper and Pearson). Each record was scored by "
        "the model of its time, so the newest is usually better."
        + " Right is the exact set of labels."
        * told["multiple"]
    )
    head = ("of", "accuracy", "interval", "records")
    cells = [[name, *_accuracy(value)] for name, value in rows]
    return join([table("Accuracy", head, cells), el("p", note, class_="dim")])


def _accuracy(value: Told | None) -> list[object]:
    if value is None:
        return ["not measured yet", "", "0"]
    return [
        f"{100 * value['accuracy']:.1f} %",
        join([charts.whisker(dict(value)), _between(value)]),
        f"{value['n']:,}",
    ]


def _between(value: Told) -> str:
    return f"{100 * value['low']:.1f} to {100 * value['high']:.1f} %"


def curve(points: Sequence[dict[str, Any]]) -> Html:
    """The honest learning curve, drawn and in figures; nothing without a point."""
    if not points:
        return text("")
    rows = []
    for point in points:
        own, naive = point["accuracy"], point["selected"]
        span = (
            str(point["to"])
            if point["from"] == point["to"]
            else f"{point['from']} to {point['to']}"
        )
        rows.append(
            [
                span,
                f"{100 * own['accuracy']:.1f} % ({_between(own)})",
                f"{own['n']:,}",
                "–" if naive is None else f"{100 * naive['accuracy']:.1f} %",
            ]
        )
    note = (
        "Line and band: the control arm, with a 95 % interval. Squares: the naive figure, of the "
        "records that the model was least sure of. It is not of your data."
    )
    drawn = text("")
    if len(points) > 1:
        drawn = el("figure", charts.curve(points), el("figcaption", note))
    head = ("labels", "control arm", "records", "naive")
    return join([drawn, table("Accuracy by labels", head, rows)])


def shares(found: Sequence[Told]) -> Html:
    """The share of each label in the pool, the most common first; nothing where none is known."""
    if not found:
        return text("")
    rows = [
        [
            one["label"],
            f"{100 * one['share']:.1f} %",
            _between(one),
            f"{100 * one['plain']:.1f} %",
        ]
        for one in sorted(found, key=lambda one: -one["share"])
    ]
    note = (
        f"Of the whole pool, from {found[0]['n']:,} records drawn by lot, what was labelled before "
        "them, and what the model expects of the rest (PPI++, Angelopoulos, Duchi and Zrnic, arXiv "
        "2311.01453). Each interval is a 95 % one of its own. Plain: the bare share among the "
        "records drawn by lot, without those two."
    )
    head = ("label", "share", "interval", "plain")
    return join([table("Labels in the pool", head, rows), el("p", note, class_="dim")])


def people(told: Told | None) -> Html:
    """How far people agree, how a shown suggestion pulls them, what they get wrong as it does."""
    if told is None:
        return text("")
    between, meter = told["agreement"], told["anchoring"]
    rows = [
        ("records with several blind answers", f"{between['records']:,}"),
        ("Krippendorff's alpha between people", _interval(between["alpha"])),
        ("pull of a suggestion that is shown", _interval(meter["pull"])),
        ("the agent agrees with people, by blind cards", _interval(meter["accuracy"])),
        ("the same by cards that show its answer", _interval(meter["naive"])),
        ("people wrong together with the machine", _shared(told["shared_errors"])),
        ("may the agent replace a person", _alternative(told["alternative"])),
    ]
    unclear = [
        el("p", f"{found['label']}: people do not tell it apart (alpha {found['alpha']:.2f}).")
        for found in between["unclear"]
    ]
    note = el("p", "Intervals are 95 %. They describe; they prove nothing.", class_="dim")
    return join([table("People together", ("measured", "is"), rows), *unclear, note])


def _interval(found: Told | None) -> str:
    if found is None:
        return "not measured yet"
    return f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}], n = {found['n']:,}"


def _shared(found: Told | None) -> str:
    if found is None:
        return "not measured yet: no audit was adjudicated by a second person"
    waits = f", {found['pending']:,} not answered yet" if found["pending"] else ""
    return (
        f"at most {100 * found['upper']:.2g} % (95 %): {found['wrong']:,} of {found['picked']:,} "
        f"audits that were picked by lot{waits}"
    )


def _alternative(found: Told | None) -> str:
    if found is None:
        return "not measured yet: it takes three people and 30 records that they share"
    word = "yes" if found["passed"] else "no"
    return f"{word}: it wins against {100 * found['winning']:.0f} % of people"


def spend(told: Told) -> Html:
    """Money, calls, tokens."""
    limit = (
        "There is no limit."
        if told["limit"] is None
        else f"The limit is {told['limit']:,.2f} {told['currency']}."
    )
    return el(
        "p",
        f"{money(told)} {told['currency']} in {told['calls']:,} calls to the agent, with "
        f"{told['tokens']:,} tokens. {limit}",
    )


def money(told: Told) -> str:
    """An amount: cents, or more digits where it is small."""
    amount = told["money"]
    return f"{amount:,.2f}" if amount >= 1 or not amount else f"{amount:.4f}"


def drift(told: Told | None) -> Html:
    """What the sensors saw last; nothing before they looked."""
    if told is None:
        return text("")
    word = {"ok": "No drift was seen", "flag": "Drift", "pause": "PAUSED for drift"}[told["state"]]
    done = told["do"].replace("`", "")
    return join(
        [
            el(
                "p",
                f"{word}: {told['reason']}. {done}",
                class_=None if told["state"] == "ok" else "warn",
            ),
            el("p", f"{told['new']:,} records came after the known ones. The sensors may pause the "
               "machine; they never prove anything.", class_="dim"),
        ]
    )  # fmt: skip
