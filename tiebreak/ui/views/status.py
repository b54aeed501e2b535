"""The Status page: what is done, how good it is, what it cost, what waits, and the export."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from tiebreak.ui.keymap import KEYS
from tiebreak.ui.served import Served, serving
from tiebreak.ui.wire import WHY

EVERY = "5s"

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
        spend, currency = report["spend"], served.bench.settings.budget.currency
        _figure(f"Spent, {currency}, on {spend['calls']:,} calls", f"{spend['money']:.4f}")
    st.info(NEXT[report["next"]])
    left, right = st.columns(2)
    with left:
        st.subheader("How good agent and model are")
        _accuracies(report)
    with right:
        st.subheader("Why records wait")
        _queue(report)
    _set_aside(report)


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
    st.table({"key": [k for k, _ in KEYS], "does": [what for _, what in KEYS]})
    st.caption("Press ? at the desk to change them.")
