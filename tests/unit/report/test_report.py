"""The report: its page says what its JSON says, escapes what it is given, and confuses nothing."""

from __future__ import annotations

import json
import re
from math import inf
from pathlib import Path
from typing import Any

import pytest
from promise_projects import answer, promise_bench, two_kinds, waiting
from report_projects import PageReader, earn, told_bench

from tiebreak.domain.reviews import Annotation
from tiebreak.loop.run import run_loop
from tiebreak.loop.running import RunOptions
from tiebreak.project.context import ProjectContext
from tiebreak.promise.file_track import file_tracks
from tiebreak.report import charts
from tiebreak.report.data import project_report
from tiebreak.report.html import SEGMENTS, page
from tiebreak.report.parts import el, join, text
from tiebreak.review.annotate import annotate

SCRIPT = "<script>alert(1)</script>"
HOSTILE = '"><img src=x onerror=alert(1)>&amp;'
SIMULATED = RunOptions(batch=16, reviewer="labels")


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> ProjectContext:
    """People earned a certificate, in a project whose every word is hostile."""
    made = told_bench(
        tmp_path_factory.mktemp("report"),
        project={"name": SCRIPT, "task": f"{HOSTILE} \u202egnorw \ud800"},
        names=(HOSTILE, f"login{SCRIPT}"),
        tier=f"tier{SCRIPT}",
    )
    earn(made)
    return made


@pytest.fixture(scope="module")
def told(context: ProjectContext) -> dict[str, Any]:
    return project_report(context)


@pytest.fixture(scope="module")
def read(told: dict[str, Any]) -> PageReader:
    return PageReader(page(told))


def test_the_json_is_json(told: dict[str, Any]) -> None:
    assert json.loads(json.dumps(told, allow_nan=False)) == json.loads(json.dumps(told))
    assert told["nothing"] is None
    assert told["project"]["labels"] == 2


def test_what_people_earned_is_promised_in_its_own_words(
    told: dict[str, Any], read: PageReader
) -> None:
    (promised,) = told["promised"]
    assert promised["labels"] > 100
    assert "at most a 5 % chance" in promised["sentence"]
    assert promised["sentence"] in read.text
    assert "SIMULATED" not in read.text
    assert "Nothing is promised." not in read.text


def test_the_tiles_say_who_labelled_how_many(told: dict[str, Any], read: PageReader) -> None:
    labels, shown = told["labels"], dict(read.terms)
    assert labels["human"] + labels["autonomous"] + labels["none"] == labels["pool"] == 400
    assert min(labels["human"], labels["autonomous"], labels["none"]) > 0
    assert shown["Records in the pool"] == "400"
    assert shown["Labelled by people"] == str(labels["human"])
    assert shown["Autonomous, under a certificate"] == str(labels["autonomous"])
    assert shown["No label yet"] == str(labels["none"])
    assert shown["Waiting for a person"] == str(told["queue"])
    for key in ("human", "autonomous", "none"):
        assert f"{SEGMENTS[key]}: {labels[key]} (" in read.text
    figures = [shown[SEGMENTS[key].capitalize()] for key in ("human", "autonomous")]
    assert str(sum(map(int, figures))) not in shown.values()  # never added up


def test_the_table_of_certificates_is_the_json(told: dict[str, Any], read: PageReader) -> None:
    (one,) = told["certificates"]
    _, row = read.tables["Certificates, those in force first"]
    assert row[:2] == [f"1, tier{SCRIPT}", "in force"]
    assert row[5:8] == [str(one["audited"]), str(one["wrong"]), str(one["pending"])]
    assert row[8].startswith(f"{one['labels']} (")
    assert one["labels"] == one["out"] == told["labels"]["autonomous"]
    (rungs,) = [rows for name, rows in read.tables.items() if "needed log E" in name]
    assert len(rungs) == len(one["rungs"]) + 1 > 2
    for cells, rung in zip(rungs[1:], one["rungs"], strict=True):
        assert cells[3] == charts.number(rung["log_e"])
        assert cells[5:9] == [str(rung[k]) for k in ("audited", "wrong", "pending", "size")]
    assert one["frozen_at"].startswith(row[9][:10])


def test_what_more_audits_would_buy_is_said(told: dict[str, Any], read: PageReader) -> None:
    (one,) = told["certificates"]
    assert one["why"]
    assert one["why"] in read.text
    offer = {"audits": 120, "labels": 48, "share": 0.12, "text": "about 120 more audits would free"}
    more = page({**told, "certificates": [{**one, "next": offer}]})
    assert "About 120 more audits would free." in PageReader(more).text


def test_hostile_text_stays_text(read: PageReader, told: dict[str, Any]) -> None:
    assert not {"script", "img", "a", "link", "iframe", "object", "form"} & set(read.tags)
    assert not [name for name, _ in read.attributes if name.startswith("on")]
    assert not {"src", "href", "style", "action", "srcset"} & {n for n, _ in read.attributes}
    assert SCRIPT in read.text
    assert f"{HOSTILE} \ufffdgnorw \ufffd" in read.text
    page(told).encode("utf-8")


def test_nothing_comes_from_elsewhere(told: dict[str, Any]) -> None:
    written = page(told)
    assert "http" not in written.replace("http-equiv", "")
    assert re.findall(r"url\((?!#)", written) == []
    assert "@import" not in written
    assert "default-src 'none'" in written


def test_neither_the_secret_nor_a_name_gets_out(
    context: ProjectContext, told: dict[str, Any]
) -> None:
    (policy,) = context.store.promises.policies()
    everything = json.dumps(told) + page(told)
    assert policy.digest in everything
    assert policy.secret not in everything
    assert told["people"]["agreement"]["records"] == 20
    assert told["people"]["agreement"]["alpha"]["value"] == 1.0
    assert "Ann Secretive" not in everything
    assert "Bob Discreet" not in everything


def test_people_are_told_together(told: dict[str, Any], read: PageReader) -> None:
    rows = dict(read.tables["People together"][1:])
    assert rows["records with several blind answers"] == "20"
    assert rows["Krippendorff's alpha between people"].startswith("1.000 [")
    second = told["people"]["shared_errors"]  # by a coin that is never the same
    expected = f"0 of {second['picked']} audits" if second else "not measured yet"
    assert expected in rows["people wrong together with the machine"]


def test_a_simulated_certificate_says_so_everywhere(tmp_path: Path) -> None:
    context = promise_bench(tmp_path)
    run_loop(context, SIMULATED)
    told = project_report(context)
    labels = told["labels"]
    assert labels["human"] == labels["autonomous"] == 0
    assert labels["simulated"] + labels["autonomous_simulated"] == 400
    read = PageReader(page(told))
    shown = dict(read.terms)
    assert shown["Autonomous, under a certificate"] == "0"
    assert shown["Autonomous, under a SIMULATED certificate"] == str(labels["autonomous_simulated"])
    assert shown["Labelled by people"] == "0"
    assert ("class", "simulated-sign") in read.attributes
    _, row = read.tables["Certificates, those in force first"]
    assert row[1] == "in force SIMULATED"
    assert any("(SIMULATED): needed log E" in name for name in read.tables)
    assert "Policy 1 (SIMULATED)" in read.text


def test_where_nothing_was_asked_it_says_what_to_run(tmp_path: Path) -> None:
    told = project_report(promise_bench(tmp_path, max_error=None))
    assert told["nothing"]["why"] == [
        "No error was asked for, so no label is given without a person as proven."
    ]
    (take,) = told["nothing"]["takes"]
    assert take.startswith("tiebreak run DIR --max-error 0.05 --confidence 0.95")
    read = PageReader(page(told))
    assert "Nothing is promised." in read.text
    assert take in read.text
    assert told["people"] is None
    assert "People together" not in read.tables


def test_too_few_labels_are_told(tmp_path: Path) -> None:
    told = project_report(promise_bench(tmp_path))
    assert told["nothing"]["why"] == [
        "0 labels are known, and a policy is frozen after 30 at the earliest."
    ]
    assert "from 30 labels by people" in told["nothing"]["takes"][0]


def test_while_audits_wait_it_asks_for_answers(tmp_path: Path) -> None:
    context = promise_bench(tmp_path)
    while not waiting(context, "audit"):
        run_loop(context, RunOptions(batch=16))
        if not waiting(context, "audit"):
            answer(context, waiting(context))
    told = project_report(context)
    assert told["promised"] == []
    assert "20 audits wait" in told["nothing"]["why"][0]
    (take,) = told["nothing"]["takes"]
    assert take.startswith("Tier normal: answer the 20 audits that wait")
    assert "about 0" not in take


def test_a_stream_has_its_own_bound_and_no_rungs(told: dict[str, Any]) -> None:
    stream = {
        **told["certificates"][0], "mode": "stream", "rungs": [], "uncaught": 33, "labels": 700,
        "marked": 41, "back": 9, "gate": 0.93, "stop": f"a monitor{SCRIPT}", "wrong": 2,
    }  # fmt: skip
    read = PageReader(page({**told, "certificates": [*told["certificates"], stream]}))
    _, row = read.tables["The caught-error bound"]
    assert row[0] == f"1, tier{SCRIPT}, what arrives"
    assert row[1:] == ["2", "33", "750", "41", "9", "0.93", f"a monitor{SCRIPT}"]
    assert len(read.tables["Certificates, those in force first"]) == 3
    assert sum("needed log E" in name for name in read.tables) == 1
    assert "In a stream" in read.text
    assert "In a stream" not in PageReader(page(told)).text


def test_a_hard_set_says_why_not(tmp_path: Path) -> None:
    context = promise_bench(tmp_path, two_kinds(wrong=0.4), audits=100)
    run_loop(context, SIMULATED)
    told = project_report(context)
    assert told["labels"]["autonomous_simulated"] == 0
    assert "audits were wrong" in told["nothing"]["why"][0]
    assert told["nothing"]["why"][0] in PageReader(page(told)).text
    assert told["nothing"]["takes"] == [
        "Nothing: every record has its answer, so there is nothing left to promise."
    ]


def test_labels_that_no_certificate_covers_any_more_are_told(tmp_path: Path) -> None:
    context = told_bench(tmp_path)
    earn(context)
    before = project_report(context)
    (view,) = file_tracks(context, context.pool_state())
    looked = [
        Annotation(
            record_id=member.record_id, who="cat", source="person", outcome="label",
            labels=member.labels, shown="evidence",
        )
        for member in view.free()[:40]
    ]  # fmt: skip
    annotate(context.store, context.schema, looked)  # more than the claim allows
    told = project_report(context)
    assert before["labels"]["stale"] == 0
    assert told["promised"] == []
    assert told["labels"]["stale"] == told["labels"]["autonomous"]
    assert told["labels"]["stale"] == before["labels"]["autonomous"] - 40
    assert "no longer covered by a certificate" in PageReader(page(told)).text


@pytest.mark.parametrize(
    ("log_e", "width", "words"),
    [("-inf", "0.00%", "−∞"), (-2.0, "0.00%", "−2.00"), (1.5, "40.00%", "1.50"),
     (3.0, "80.00%", "3.00"), ("inf", "100.00%", "∞")],
)  # fmt: skip
def test_a_bar_of_evidence_is_as_long_as_its_log_e(
    log_e: float | str, width: str, words: str
) -> None:
    bar = charts.evidence(log_e, 3.0)
    assert f'width="{width}"' in bar
    assert f"log E {words} of 3.00 needed" in bar
    assert ("bar enough" in bar) == (float(log_e) >= 3.0)


def test_figures_that_are_not_finite_are_words() -> None:
    assert charts.number(inf) == "∞"
    assert charts.factor(-inf) == "0"
    assert charts.number(-1e-9) == "0.00"
    assert charts.factor(100.0) == "10^43"


def test_markup_is_escaped_once_and_only_text_is() -> None:
    inner = el("b", "<i>")
    assert inner == "<b>&lt;i&gt;</b>"
    assert join([inner, "<"]) == "<b>&lt;i&gt;</b>&lt;"
    assert text(f"{inner}") == "&lt;b&gt;&amp;lt;i&amp;gt;&lt;/b&gt;"  # a mistake lets nothing in
    assert el("p", title='"', lang=None) == '<p title="&quot;"></p>'
