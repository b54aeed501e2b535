"""The Status page: what is done, how good it is, what is to come, what waits, and the export."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import streamlit as st

from tiebreak.domain.evidence import Estimate
from tiebreak.evaluation import LearningCurvePoint
from tiebreak.promise import CertificateStatus
from tiebreak.report import Status, control_curves, curves_svg, label_span
from tiebreak.ui.server.served import Served, serving
from tiebreak.ui.server.wire import WHY

EVERY = "5s"
MARKDOWN = re.compile(r"[\\`*_{}\[\]<>()#+\-.!|~:$&]")

NEXT = {
    "import": "Import records: `tiebreak import DIR FILE`.",
    "review": "People are needed: go on at the Review page.",
    "run": "Nothing waits for people. The learner prepares the next records.",
    "done": "Every record of the pool was answered. Export the labels.",
}

KEYS = (
    ("Enter, A", "Accept the agent's label"),
    ("1 … 9, 0", "Labels 1 to 10"),
    ("⇧1 … ⇧9", "Labels 11 to 19"),
    ("/", "Find a label by typing"),
    ("D", "None of these labels fits"),
    ("S", "Skip this record"),
    ("F", "Flag for a second look"),
    ("U, ⌫", "Undo the last answer"),
    ("←", "Look back"),
    ("→", "Look forward"),
    ("N", "Write a note"),
    ("E", "Show all the evidence"),
    ("G", "Show the guideline"),
    ("?", "List and change the keys"),
    ("Esc", "Close, leave a field"),
)

_MULTIPLE = {
    "Accept the agent's label": "Confirm the labels that are on: at first the agent's",
    "Labels 1 to 10": "Labels 1 to 10, on or off",
    "Labels 11 to 19": "Labels 11 to 19, on or off",
    "Find a label by typing": "Find a label to turn on or off",
    "None of these labels fits": "None of these labels applies",
}
"""The desk's keys. The card has its own table; a test compares both."""


def status_page() -> None:
    """The whole page; its figures are read anew every few seconds."""
    served = serving()
    st.title("Status")
    _figures(served)
    _export(served)
    _keys()


@st.fragment(run_every=EVERY)
def _figures(served: Served) -> None:
    status = served.status()
    _show_learner(served)
    labelled = status.labelled
    with st.container(horizontal=True):
        _figure("Records in the pool", f"{status.pool:,}")
        _figure("Labelled by people", f"{labelled.human:,}")
        for by in ("simulated", "autonomous", "unproved"):
            if n := getattr(labelled, by):
                _figure(f"Labels: {by.upper()}", f"{n:,}")
        _figure("In the queue", f"{status.queue:,}")
        spend, currency = status.spend, served.context.settings.budget.currency
        _figure(f"Spent, {currency}, on {spend.calls:,} calls", f"{spend.money:.4f}")
    st.info(NEXT[status.next])
    _promise(status.certificates)
    _to_come(status)
    left, right = st.columns(2)
    with left:
        st.subheader("How good agent and model are")
        _accuracies(status)
    with right:
        st.subheader("Why records wait")
        _queue(status.queue_by_reason)
    _curve(status.curve)
    _set_aside(status)


def _promise(certificates: Sequence[CertificateStatus]) -> None:
    """What is promised now, tier by tier; `tiebreak report` says it at length."""
    if not certificates:
        return
    st.subheader("Promise")
    for one in certificates:
        arrives = ", what arrives" if one.mode == "stream" else ""
        words = f"Policy {one.policy}, tier {one.tier}{arrives}. {one.sentence}"
        (st.success if one.in_force and not one.simulated else st.warning)(plain(words))
        follows = [f"Labels out: {one.labels:,}. Audits: {one.audited:,}."]
        if one.why:
            follows.append(f"Why not more: {one.why}")
        if one.next is not None:
            follows.append(f"Next: {one.next.text}.")
        st.write(plain(" ".join(follows)))


def plain(words: str) -> str:
    """Text that Streamlit's Markdown shows as it is."""
    return MARKDOWN.sub(r"\\\g<0>", words)


def _to_come(status: Status) -> None:
    """The forecast, the stop advice, and a drift sensor that fired."""
    forecast, drift = status.forecast, status.drift
    if forecast is not None:
        st.subheader("What more labels will bring")
        st.write(forecast.text.replace("->", "→"))
        if forecast.stop is not None:
            word = "Stop selecting" if forecast.stop.stop else "Go on"
            st.write(f"{word}: {forecast.stop.why}")
    if drift is not None and drift.state != "ok":
        word = "Paused" if drift.state == "pause" else "Drift"
        st.warning(f"{word}: {drift.reason}. {drift.do}")


def _curve(points: Sequence[LearningCurvePoint]) -> None:
    """The learning curve, drawn and in figures, with the naive one beside it."""
    if not points:
        return
    st.subheader("The model by labels")
    drawn = curves_svg(
        control_curves(points),
        title="Accuracy by labels",
        subtitle="control arm: drawn by lot; naive: the records that were selected; band: 95 %",
    )
    st.image(drawn, alt="The figures of the next table as curves.", width="stretch")
    st.table(
        {
            "labels": [label_span(p) for p in points],
            "control arm": [_accuracy(p.accuracy) for p in points],
            "naive": [_accuracy(p.selected) for p in points],
        }
    )
    st.caption(
        "Each record was scored by the model of its time, before its label. The control arm is "
        "drawn by lot, and what the model expects of the pool narrows its interval. The naive "
        "figure is of the records that the model was least sure of: not of your data."
    )


def _show_learner(served: Served) -> None:
    learner = served.learner.state()
    words = f"Learner: {learner['state']}. {learner['message']}".strip()
    if learner["state"] == "failed":
        st.warning(words)
    else:
        st.caption(words)


def _figure(name: str, value: str) -> None:
    st.metric(name, value, border=True)


def _accuracies(status: Status) -> None:
    measured = {"control arm": status.control}
    measured |= {f"split {split}": scores for split, scores in (status.heldout or {}).items()}
    rows = [
        (where, who, value)
        for where, scores in measured.items()
        for who, value in (("model", scores.model), ("agent", scores.agent))
    ]
    st.table(
        {
            "measured on": [where for where, _, _ in rows],
            "of": [who for _, who, _ in rows],
            "accuracy": [_accuracy(value) for _, _, value in rows],
        }
    )
    st.caption(
        f"The control arm is drawn by lot and labelled blind: {status.control.n} of its records "
        "have a label. Intervals are 95 % (Clopper-Pearson)."
        + " Right is the exact set: every label that applies, and no other."
        * status.multiple
    )


def _accuracy(value: Estimate | None) -> str:
    if value is None:
        return "not measured yet"
    return f"{value.accuracy:.3f} [{value.low:.3f}, {value.high:.3f}], n = {value.n}"


def _queue(reasons: Mapping[str, int]) -> None:
    if not reasons:
        st.write("Nothing waits.")
        return
    st.table(
        {
            "records": [str(n) for n in reasons.values()],
            "because": [WHY.get(reason, reason) for reason in reasons],
        }
    )


def _set_aside(status: Status) -> None:
    """Records for which people found no label, and those that they flagged, by their ids."""
    for count, ids, words in (
        (status.none_fits, status.none_records, "No label fits"),
        (status.flagged, status.flagged_records, "Flagged for a second look"),
    ):
        if count:
            with st.expander(f"{words}: {count}"):
                st.text("\n".join(ids))
                if count > len(ids):
                    st.caption(f"The newest {len(ids)} of {count}; the export has all.")


def _export(served: Served) -> None:
    st.subheader("Export")
    st.write("Each record of the pool with its label, who gave it, and what the agent had said.")
    with st.container(horizontal=True):
        for kind in ("csv", "jsonl", "parquet"):
            st.download_button(
                f"Download {kind.upper()}",
                data=partial(exported, served, kind),
                file_name=f"labels.{kind}",
                on_click="ignore",
                key=f"export-{kind}",
            )
    st.code(f"tiebreak export {served.folder.name} labels.csv", language=None)


def exported(served: Served, kind: str) -> bytes:
    """The export as a file's bytes."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / f"labels.{kind}"
        served.project.export(path)
        return path.read_bytes()


def _keys() -> None:
    st.subheader("Keys at the desk")
    listed = keys(serving().context.schema.multiple)
    st.table({"key": [k for k, _ in listed], "does": [what for _, what in listed]})
    st.caption("Press ? at the desk to change them.")


def keys(multiple: bool) -> tuple[tuple[str, str], ...]:
    """(keys, what they do), for a project where any number of labels may apply or for others."""
    return tuple((k, _MULTIPLE.get(does, does) if multiple else does) for k, does in KEYS)
