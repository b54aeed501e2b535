"""The Status page: what is done, how good it is, what is to come, what waits, and the export."""

from __future__ import annotations

import re
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from tiebreak.report.charts import control_curves, curves_svg
from tiebreak.report.rendering import label_span
from tiebreak.ui.pages.keymap import keys
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


def show() -> None:
    """The whole page; its figures are read anew every few seconds."""
    served = serving()
    st.title("Status")
    _figures(served)
    _export(served)
    _keys()


@st.fragment(run_every=EVERY)
def _figures(served: Served) -> None:
    report = served.status()
    _say_learner(served)
    labelled = report["labelled"]
    with st.container(horizontal=True):
        _figure("Records in the pool", f"{report['pool']:,}")
        _figure("Labelled by people", f"{labelled['human']:,}")
        for by in ("simulated", "autonomous", "unproved"):
            if labelled[by]:
                _figure(f"Labels: {by.upper()}", f"{labelled[by]:,}")
        _figure("In the queue", f"{report['queue']:,}")
        spend, currency = report["spend"], served.context.settings.budget.currency
        _figure(f"Spent, {currency}, on {spend['calls']:,} calls", f"{spend['money']:.4f}")
    st.info(NEXT[report["next"]])
    _promise(report["certificates"])
    _to_come(report)
    left, right = st.columns(2)
    with left:
        st.subheader("How good agent and model are")
        _accuracies(report)
    with right:
        st.subheader("Why records wait")
        _queue(report)
    _curve(report["curve"])
    _set_aside(report)


def _promise(certificates: list[dict[str, Any]]) -> None:
    """What is promised now, tier by tier; `tiebreak report` says it at length."""
    if not certificates:
        return
    st.subheader("Promise")
    for told in certificates:
        arrives = ", what arrives" if told["mode"] == "stream" else ""
        words = f"Policy {told['policy']}, tier {told['tier']}{arrives}. {told['sentence']}"
        (st.success if told["in_force"] and not told["simulated"] else st.warning)(plain(words))
        follows = [f"Labels out: {told['labels']:,}. Audits: {told['audited']:,}."]
        if told["why"]:
            follows.append(f"Why not more: {told['why']}")
        if told["next"] is not None:
            follows.append(f"Next: {told['next']['text']}.")
        st.write(plain(" ".join(follows)))


def plain(words: str) -> str:
    """Text that Streamlit's Markdown shows as it is."""
    return MARKDOWN.sub(r"\\\g<0>", words)


def _to_come(report: dict[str, Any]) -> None:
    """The forecast, the stop advice, and a drift sensor that fired."""
    told, drift = report["forecast"], report["drift"]
    if told is not None:
        st.subheader("What more labels will bring")
        st.write(told["text"].replace("->", "→"))
        if told["stop"] is not None:
            word = "Stop selecting" if told["stop"]["stop"] else "Go on"
            st.write(f"{word}: {told['stop']['why']}")
    if drift is not None and drift["state"] != "ok":
        word = "Paused" if drift["state"] == "pause" else "Drift"
        st.warning(f"{word}: {drift['reason']}. {drift['do']}")


def _curve(points: list[dict[str, Any]]) -> None:
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
            "control arm": [_accuracy(p["accuracy"]) for p in points],
            "naive": [_accuracy(p["selected"]) for p in points],
        }
    )
    st.caption(
        "Each record was scored by the model of its time, before its label. The control arm is "
        "drawn by lot, and what the model expects of the pool narrows its interval. The naive "
        "figure is of the records that the model was least sure of: not of your data."
    )


def _say_learner(served: Served) -> None:
    said = served.learner.state()
    words = f"Learner: {said['state']}. {said['message']}".strip()
    if said["state"] == "failed":
        st.warning(words)
    else:
        st.caption(words)


def _figure(name: str, value: str) -> None:
    st.metric(name, value, border=True)


def _accuracies(report: dict[str, Any]) -> None:
    control = report["control"]
    rows = [("control arm", who, control[who]) for who in ("model", "agent")]
    for split, figures in (report["heldout"] or {}).items():
        rows += [(f"split {split}", who, figures[who]) for who in ("model", "agent")]
    st.table(
        {
            "measured on": [where for where, _, _ in rows],
            "of": [who for _, who, _ in rows],
            "accuracy": [_accuracy(value) for _, _, value in rows],
        }
    )
    st.caption(
        f"The control arm is drawn by lot and labelled blind: {control['n']} of its records have "
        "a label. Intervals are 95 % (Clopper-Pearson)."
        + " Right is the exact set: every label that applies, and no other."
        * report["multiple"]
    )


def _accuracy(value: dict[str, Any] | None) -> str:
    if value is None:
        return "not measured yet"
    return f"{value['accuracy']:.3f} [{value['low']:.3f}, {value['high']:.3f}], n = {value['n']}"


def _queue(report: dict[str, Any]) -> None:
    reasons = report["queue_by_reason"]
    if not reasons:
        st.write("Nothing waits.")
        return
    st.table(
        {
            "records": [str(n) for n in reasons.values()],
            "because": [WHY.get(reason, reason) for reason in reasons],
        }
    )


def _set_aside(report: dict[str, Any]) -> None:
    """Records for which people found no label, and those that they flagged, by their ids."""
    for count, ids, words in (
        (report["none_fits"], report["none_records"], "No label fits"),
        (report["flagged"], report["flagged_records"], "Flagged for a second look"),
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
