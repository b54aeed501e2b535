"""The report: its page says what its JSON says, escapes what it is given, and confuses nothing."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from math import inf
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError
from promise_projects import answer, promise_bench, two_kinds, waiting
from report_projects import PageReader, earn, told_bench

from tiebreak.domain.reviews import Annotation
from tiebreak.loop.run import run_loop
from tiebreak.loop.running import RunOptions
from tiebreak.project.context import ProjectContext
from tiebreak.promise.file_track import file_tracks
from tiebreak.promise.results import NextCertificate
from tiebreak.report.data import project_report
from tiebreak.report.html import SEGMENTS, report_html
from tiebreak.report.rendering import e_value, log_e_words, templates
from tiebreak.report.results import FileCertificate, Report, StreamCertificate
from tiebreak.results import to_json
from tiebreak.review.annotate import write_annotations

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
def report(context: ProjectContext) -> Report:
    return project_report(context)


@pytest.fixture(scope="module")
def document(report: Report) -> dict[str, Any]:
    """The report as its JSON."""
    made: dict[str, Any] = to_json(report)
    return made


@pytest.fixture(scope="module")
def read(report: Report) -> PageReader:
    return PageReader(report_html(report))


def test_the_json_is_json(document: dict[str, Any]) -> None:
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["nothing"] is None
    assert document["project"]["labels"] == 2


def test_what_people_earned_is_promised_in_its_own_words(
    document: dict[str, Any], read: PageReader
) -> None:
    (promised,) = document["promised"]
    assert promised["labels"] > 100
    assert "at most a 5 % chance" in promised["sentence"]
    assert promised["sentence"] in read.text
    assert "SIMULATED" not in read.text
    assert "Nothing is promised." not in read.text


def test_the_tiles_say_who_labelled_how_many(document: dict[str, Any], read: PageReader) -> None:
    labels, shown = document["labels"], dict(read.terms)
    assert labels["human"] + labels["autonomous"] + labels["none"] == labels["pool"] == 400
    assert min(labels["human"], labels["autonomous"], labels["none"]) > 0
    assert shown["Records in the pool"] == "400"
    assert shown["Labelled by people"] == str(labels["human"])
    assert shown["Autonomous, under a certificate"] == str(labels["autonomous"])
    assert shown["No label yet"] == str(labels["none"])
    assert shown["Waiting for a person"] == str(document["queue"])
    for key in ("human", "autonomous", "none"):
        assert f"{SEGMENTS[key]}: {labels[key]} (" in read.text
    figures = [shown[SEGMENTS[key].capitalize()] for key in ("human", "autonomous")]
    assert str(sum(map(int, figures))) not in shown.values()  # never added up


def test_the_table_of_certificates_is_the_json(document: dict[str, Any], read: PageReader) -> None:
    (one,) = document["certificates"]
    _, row = read.tables["Certificates, those in force first"]
    assert row[:2] == [f"1, tier{SCRIPT}", "in force"]
    assert row[5:8] == [str(one["audited"]), str(one["wrong"]), str(one["pending"])]
    assert row[8].startswith(f"{one['labels']} (")
    assert one["labels"] == one["out"] == document["labels"]["autonomous"]
    (rungs,) = [rows for name, rows in read.tables.items() if "needed log E" in name]
    assert len(rungs) == len(one["rungs"]) + 1 > 2
    for cells, rung in zip(rungs[1:], one["rungs"], strict=True):
        assert cells[3] == log_e_words(rung["log_e"])
        assert cells[5:9] == [str(rung[k]) for k in ("audited", "wrong", "pending", "size")]
    assert one["frozen_at"].startswith(row[9][:10])


def test_what_more_audits_would_buy_is_said(
    document: dict[str, Any], report: Report, read: PageReader
) -> None:
    (one,) = document["certificates"]
    assert one["why"]
    assert one["why"] in read.text
    text = "about 120 more audits would free"
    offer = NextCertificate(audits=120, labels=48, share=0.12, text=text)
    offered = replace(report.certificates[0], next=offer)
    more = report_html(replace(report, certificates=(offered,)))
    assert "About 120 more audits would free." in PageReader(more).text


def test_hostile_text_stays_text(read: PageReader, report: Report) -> None:
    assert not {"script", "img", "a", "link", "iframe", "object", "form"} & set(read.tags)
    assert not [name for name, _ in read.attributes if name.startswith("on")]
    assert not {"src", "href", "style", "action", "srcset"} & {n for n, _ in read.attributes}
    assert SCRIPT in read.text
    assert f"{HOSTILE} \ufffdgnorw \ufffd" in read.text
    report_html(report).encode("utf-8")


def test_nothing_comes_from_elsewhere(report: Report) -> None:
    written = report_html(report)
    assert "http" not in written.replace("http-equiv", "")
    assert re.findall(r"url\((?!#)", written) == []
    assert "@import" not in written
    assert "default-src 'none'" in written


def test_neither_the_secret_nor_a_name_gets_out(
    context: ProjectContext, document: dict[str, Any], report: Report
) -> None:
    (policy,) = context.store.promises.policies()
    everything = json.dumps(document) + report_html(report)
    assert policy.digest in everything
    assert policy.secret not in everything
    assert document["people"]["agreement"]["records"] == 20
    assert document["people"]["agreement"]["alpha"]["value"] == 1.0
    assert "Ann Secretive" not in everything
    assert "Bob Discreet" not in everything


def test_people_are_told_together(document: dict[str, Any], read: PageReader) -> None:
    rows = dict(read.tables["People together"][1:])
    assert rows["records with several blind answers"] == "20"
    assert rows["Krippendorff's alpha between people"].startswith("1.000 [")
    second = document["people"]["shared_errors"]  # by a coin that is never the same
    expected = f"0 of {second['picked']} audits" if second else "not measured yet"
    assert expected in rows["people wrong together with the machine"]


def test_a_simulated_certificate_says_so_everywhere(tmp_path: Path) -> None:
    context = promise_bench(tmp_path)
    run_loop(context, SIMULATED)
    report = project_report(context)
    labels = to_json(report.labels)
    assert labels["human"] == labels["autonomous"] == 0
    assert labels["simulated"] + labels["autonomous_simulated"] == 400
    read = PageReader(report_html(report))
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
    report = project_report(promise_bench(tmp_path, max_error=None))
    assert report.nothing.why == (
        "No error was asked for, so no label is given without a person as proven.",
    )
    (take,) = report.nothing.takes
    assert take.startswith("tiebreak run DIR --max-error 0.05 --confidence 0.95")
    read = PageReader(report_html(report))
    assert "Nothing is promised." in read.text
    assert take in read.text
    assert report.people is None
    assert "People together" not in read.tables


def test_a_report_leaves_the_project_as_it_was(tmp_path: Path) -> None:
    context = promise_bench(tmp_path, max_error=None)
    first = project_report(context)
    assert context.store.monitoring.last_terms() is None
    assert list(context.store.notes.reports()) == []  # no error is asked for on anybody's behalf
    assert project_report(context).nothing == first.nothing


def test_too_few_labels_are_told(tmp_path: Path) -> None:
    report = project_report(promise_bench(tmp_path))
    assert report.nothing.why == (
        "0 labels are known, and a policy is frozen after 30 at the earliest.",
    )
    assert "from 30 labels by people" in report.nothing.takes[0]


def test_while_audits_wait_it_asks_for_answers(tmp_path: Path) -> None:
    context = promise_bench(tmp_path)
    while not waiting(context, "audit"):
        run_loop(context, RunOptions(batch=16))
        if not waiting(context, "audit"):
            answer(context, waiting(context))
    report = project_report(context)
    assert report.promised == ()
    assert "20 audits wait" in report.nothing.why[0]
    (take,) = report.nothing.takes
    assert take.startswith("Tier normal: answer the 20 audits that wait")
    assert "about 0" not in take


def test_a_stream_has_its_own_bound_and_no_rungs(report: Report) -> None:
    state = {f.name: getattr(report.certificates[0], f.name) for f in fields(FileCertificate)}
    state |= {"mode": "stream", "rungs": (), "labels": 700, "wrong": 2}
    stream = StreamCertificate(
        **state, uncaught=33, marked=41, back=9, gate=0.93, stop=f"a monitor{SCRIPT}"
    )
    both = report_html(replace(report, certificates=(*report.certificates, stream)))
    read = PageReader(both)
    _, row = read.tables["The caught-error bound"]
    assert row[0] == f"1, tier{SCRIPT}, what arrives"
    assert row[1:] == ["2", "33", "750", "41", "9", "0.93", f"a monitor{SCRIPT}"]
    assert len(read.tables["Certificates, those in force first"]) == 3
    assert sum("needed log E" in name for name in read.tables) == 1
    assert "In a stream" in read.text
    assert "In a stream" not in PageReader(report_html(report)).text


def test_a_hard_set_says_why_not(tmp_path: Path) -> None:
    context = promise_bench(tmp_path, two_kinds(wrong=0.4), audits=100)
    run_loop(context, SIMULATED)
    report = project_report(context)
    assert report.labels.autonomous_simulated == 0
    assert "audits were wrong" in report.nothing.why[0]
    assert report.nothing.why[0] in PageReader(report_html(report)).text
    assert report.nothing.takes == (
        "Nothing: every record has its answer, so there is nothing left to promise.",
    )


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
    write_annotations(context.store, context.schema, looked)  # more than the claim allows
    report = project_report(context)
    assert before.labels.stale == 0
    assert report.promised == ()
    assert report.labels.stale == report.labels.autonomous
    assert report.labels.stale == before.labels.autonomous - 40
    assert "no longer covered by a certificate" in PageReader(report_html(report)).text


@pytest.mark.parametrize(
    ("log_e", "width", "words"),
    [(-inf, "0.00%", "−∞"), (-2.0, "0.00%", "−2.00"), (1.5, "40.00%", "1.50"),
     (3.0, "80.00%", "3.00"), (inf, "100.00%", "∞")],
)  # fmt: skip
def test_a_bar_of_evidence_is_as_long_as_its_log_e(log_e: float, width: str, words: str) -> None:
    bar = templates().get_template("marks.html").module.evidence(log_e, 3.0)
    assert f'width="{width}"' in bar
    assert f"log E {words} of 3.00 needed" in bar
    assert ("bar enough" in bar) == (log_e >= 3.0)


def test_figures_that_are_not_finite_are_words() -> None:
    assert log_e_words(inf) == "∞"
    assert e_value(-inf) == "0"
    assert log_e_words(-1e-9) == "0.00"
    assert e_value(100.0) == "10^43"


def test_markup_is_escaped_once_and_only_text_is() -> None:
    def rendered(source: str, **values: object) -> str:
        return templates().from_string(source).render(values)

    bold = "{% macro bold(x) %}<b>{{ x }}</b>{% endmacro %}"
    assert rendered(bold + "{{ bold(x) }}", x="<i>") == "<b>&lt;i&gt;</b>"
    assert rendered(bold + "{{ bold(x) ~ '<' }}", x="<i>") == "<b>&lt;i&gt;</b>&lt;"
    assert rendered("{{ x }}", x="<b>&lt;</b>") == "&lt;b&gt;&amp;lt;&lt;/b&gt;"
    assert rendered('<p title="{{ x }}"></p>', x='"') == '<p title="&#34;"></p>'
    assert rendered("{{ x }}", x="\u202ea\x00\ud800\n") == "\ufffda\ufffd\ufffd\n"
    with pytest.raises(UndefinedError):
        rendered("{{ absent }}")  # a name that is misspelt shows at once
