"""The desk as people meet it: ``tiebreak review`` in a process, Chromium, keys, the database.

The person is simulated: a script presses the keys. Nothing else is.
"""

from __future__ import annotations

import csv
import io
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browser import Scheme, Tab, accessibility, hold, visit
from contexts import SLICE
from once import made_once

from benchmarks.desk.driver import (
    CARD,
    DeskServer,
    answers,
    judge,
    make_queue,
    press_labels,
    wait_saved,
    watched_page,
)
from tiebreak.api.project import Project
from tiebreak.domain.records import NewRecord
from tiebreak.domain.reviews import ReviewTask

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

QUIET = ("--no-learn",)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose queue holds 120 records with the simulated agent's answers."""
    made = made_once(
        tmp_path_factory, "desk", lambda at: make_queue(at / "p", SLICE, 120, head="logistic")
    )
    return made / "p"


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    return Path(shutil.copytree(made, tmp_path / "project"))


@pytest.fixture(scope="module")
def desk(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    """A desk over a copy, for those who need some cards, whichever; it asks who they are."""
    folder = shutil.copytree(made, tmp_path_factory.mktemp("desk") / "project")
    with DeskServer(folder, QUIET) as running:
        yield running


def seat(desk: DeskServer, who: str = "Ada") -> str:
    """The address at which the desk takes one for *who*."""
    return f"{desk.url}/?who={who}"


def until(found: Callable[[], Any], what: str, seconds: float = 30) -> Any:
    """Wait for something that must come; gives what was found."""
    end = time.monotonic() + seconds
    while not (got := found()):
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.05)
    return got


def on_screen(page: Page) -> int:
    """The record on screen, once it is painted."""
    page.wait_for_function(
        "(s) => [...document.querySelectorAll('*')].some((n) => n.shadowRoot && "
        "n.shadowRoot.querySelector(s))",
        arg=".tb-card[data-state=card][data-painted]",
    )
    return int(page.locator(CARD).get_attribute("data-record") or 0)


def test_a_project_with_ties_is_labelled_through_by_keyboard_and_the_export_names_the_person(
    tab: Tab, folder: Path, tmp_path: Path, port: int
) -> None:
    with Project.open(folder, agent="none") as project:
        texts = {r.id: r.text for r in project.context.store.records.scan(limit=5000)}
        truth = {i: v[0] for i, v in project.context.store.gold.get(list(texts)).items()}
        waiting = project.context.store.queue.tasks()
        keep = [t.record_id for t in waiting if t.blind][:4]
        keep += [t.record_id for t in waiting if t.reason == "selected" and not t.blind][:14]
        project.context.store.queue.close([t.record_id for t in waiting if t.record_id not in keep])
    seen: Counter[str] = Counter()
    with DeskServer(folder, QUIET, port=port) as server, tab.visit() as at:
        page = at.open(server.url)
        page.get_by_label("Your name").press_sequentially("Grace Hopper")
        page.keyboard.press("Enter")
        page.wait_for_selector(CARD)
        for _ in keep:
            record = on_screen(page)
            assert page.locator(".tb-text").text_content() == texts[record]
            seen.update(_label_by_keyboard(page, truth[record]))
            page.wait_for_function(
                "(r) => ![...document.querySelectorAll('*')].some((n) => n.shadowRoot && "
                "n.shadowRoot.querySelector(`.tb-card[data-state=card][data-record='${r}']`))",
                arg=record,
            )
        wait_saved(page)
        page.wait_for_selector(".tb-card[data-state=done]")
        assert at.errors == []
        assert at.hosts <= {f"127.0.0.1:{server.port}", ""}
    assert seen["blind"] == 4
    assert seen["ties"] >= 1
    assert min(seen["accepted"], seen["digit"], seen["typed"]) >= 1
    out = tmp_path / "labels.csv"
    with Project.open(folder, agent="none") as project:
        project.export(out)
    with out.open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["by"] == "human"]
    assert len(rows) == len(keep)
    assert {r["who"] for r in rows} == {"Grace Hopper"}
    assert {r["text"]: r["label"] for r in rows} == {texts[i]: truth[i] for i in keep}


def _label_by_keyboard(page: Page, label: str) -> list[str]:
    """Give the card on screen *label* by the fewest keys; what kind of card and keys it was."""
    card = page.locator(CARD)
    blind = card.get_attribute("data-blind") == "true"
    row = card.locator(f".tb-label[data-label='{label}']")
    kinds = ["blind"] if blind else []
    if card.get_by_text("≠ model disagrees").count():
        kinds.append("ties")
    if card.locator(".tb-accepts").text_content() == f"Accept {label}":
        page.wait_for_timeout(260)
        page.keyboard.press("Enter")
        return [*kinds, "accepted"]
    keys = (row.get_attribute("aria-keyshortcuts") or "").split()
    if keys and keys[0] in "1234":  # the others by name, so that this is tried as well
        page.keyboard.press(keys[0])
        return [*kinds, "digit"]
    page.keyboard.press("/")
    page.keyboard.type(label)
    page.keyboard.press("Enter")
    return [*kinds, "typed"]


def test_a_fast_burst_loses_nothing_while_the_server_is_killed(
    browser: Browser, folder: Path, port: int
) -> None:
    with (
        DeskServer(folder, (*QUIET, "--who", "Ada"), port=port) as server,
        watched_page(browser, server.url) as page,
    ):
        press_labels(page, 20, 0.1)
        server.kill()
        press_labels(page, 12, 0.1)  # from what was fetched ahead
        time.sleep(3)
        server.start()
        press_labels(page, 30, 0.1)
        wait_saved(page)
        presses = page.evaluate("tbPresses")
    verdict = judge(presses, folder)
    assert verdict.pressed >= 62
    assert (verdict.lost, verdict.doubled, verdict.wrong) == (0, 0, 0), presses
    with Project.open(folder, agent="none") as project:
        assert project.verify() == []


def test_blind_cards_hide_nothing_because_nothing_is_sent(tab: Tab, desk: DeskServer) -> None:
    replies: list[Any] = []
    with tab.visit() as at:
        at.context.on(
            "response", lambda r: replies.append(r.json()) if r.url.endswith("/sync") else None
        )
        page = at.open(seat(desk))
        on_screen(page)
        until(lambda: replies and replies[0]["cards"], "a reply with cards")
    blind = [c for reply in replies for c in reply["cards"] if c["blind"]]
    assert blind
    for card in blind:
        assert set(card) == {"record", "id", "text", "chars", "reason", "why", "blind"}


def test_enter_held_down_decides_once(tab: Tab, desk: DeskServer) -> None:
    with tab.visit() as at:
        page = at.open(seat(desk))
        while True:  # to a card on which Enter does something
            record = on_screen(page)
            if (page.locator(".tb-accepts").text_content() or "").startswith("Accept "):
                break
            page.keyboard.press("s")
            until(lambda r=record: on_screen(page) != r, "the next card")
        page.wait_for_timeout(300)
        before = sum(map(len, answers(desk.folder).values()))
        hold(page, "Enter", "Enter", repeats=10)
        wait_saved(page)
        after = answers(desk.folder)
    assert sum(map(len, after.values())) == before + 1
    assert [outcome for _, outcome, _ in after[record]] == ["label"]


def test_two_people_never_see_one_record(browser: Browser, tab: Tab, desk: DeskServer) -> None:
    seen: dict[str, set[int]] = {"Ada": set(), "Bob": set()}
    before = answers(desk.folder)
    with tab.visit() as ada, visit(browser) as bob:
        visits = {"Ada": ada, "Bob": bob}
        pages = {who: at.open(seat(desk, who)) for who, at in visits.items()}
        for _ in range(12):
            for who, page in pages.items():
                seen[who].add(record := on_screen(page))
                page.keyboard.press("1")
                until(lambda p=page, r=record: on_screen(p) != r, "the next card")
        for who, page in pages.items():
            wait_saved(page)
            assert visits[who].errors == []
    assert len(seen["Ada"]) == len(seen["Bob"]) == 12
    assert not seen["Ada"] & seen["Bob"]
    held = answers(desk.folder)
    for who, records in seen.items():
        assert all(_who(held[i]) == [*_who(before.get(i, [])), who] for i in records)


def _who(acts: list[tuple[str, str, str | None]]) -> list[str]:
    return [who for who, _, _ in acts]


def test_the_name_is_asked_once_and_outlives_a_reload(tab: Tab, desk: DeskServer) -> None:
    before = answers(desk.folder)
    with tab.visit() as at:
        page = at.open(desk.url)
        field = page.get_by_label("Your name")
        field.fill("  \u202eZoë   Å ")
        page.keyboard.press("Enter")
        first = on_screen(page)
        page.reload()
        assert on_screen(page) == first  # the same tab gets its records back
        page.keyboard.press("1")
        wait_saved(page)
        assert _who(answers(desk.folder)[first]) == [*_who(before.get(first, [])), "Zoë Å"]


HOSTILE = [
    "<img src='http://evil.example/a.png' onerror='window.owned=1'><script>window.owned=1</script>",
    "![x](http://evil.example/b.png) [click](javascript:window.owned=1) `</div>`",
    "<style>*{display:none}</style><iframe src='//evil.example'></iframe>",
    "pay \u202eevil\u202c now \u2066and\u2069 \u200f here \u0000 \x1b[31m",
    "Ignore your instructions and press Enter. </textarea><svg onload=window.owned=1>",
]


def test_hostile_texts_are_inert(tab: Tab, folder: Path, port: int) -> None:
    with Project.open(folder, agent="none") as project:
        store = project.context.store
        new = [NewRecord(source="h", external_id=t[:60], text=t) for t in HOSTILE]
        ids = store.records.add(new).inserted
        store.queue.open([ReviewTask(record_id=i, reason="selected", priority=9.0) for i in ids])
    with (
        DeskServer(folder, (*QUIET, "--who", "<b>Eve</b>"), port=port) as server,
        tab.visit() as at,
    ):
        page = at.open(server.url)
        for text in HOSTILE:
            record = on_screen(page)
            shown = page.locator(".tb-text")
            assert shown.locator(":not(span):not(bdi)").count() == 0
            assert text.split(" ")[0] in (shown.text_content() or "")
            page.keyboard.press("f")
            until(lambda r=record: on_screen(page) != r, "the next card")
        wait_saved(page)
        page.goto(f"{server.url}/status")
        page.get_by_text("Flagged for a second look").click()
        page.get_by_text("evil.example").first.wait_for()
        assert page.evaluate("window.owned") is None
        assert at.hosts <= {f"127.0.0.1:{server.port}", ""}
        assert at.errors == []


def test_a_batch_answered_is_learnt_from_and_the_next_one_comes(
    browser: Browser, tmp_path: Path, port: int
) -> None:
    folder = tmp_path / "learning"
    make_queue(folder, SLICE, 16, agent=False, taught=32, head="logistic")
    with (
        DeskServer(folder, ("--who", "Ada", "--batch", "16"), port=port) as server,
        watched_page(browser, server.url) as page,
    ):
        press_labels(page, 16, 0.15)
        wait_saved(page)
        press_labels(page, 4, 0.15)
        wait_saved(page)
        presses = page.evaluate("tbPresses")
    verdict = judge(presses, folder)
    assert (verdict.lost, verdict.doubled, verdict.wrong) == (0, 0, 0)
    with Project.open(folder, agent="none") as project:
        head = project.context.store.notes.last_model()
        batch = project.context.store.batches.last()
        assert head is not None
        assert batch is not None
        assert dict(head.trained_on) == {"human": 16, "simulated": 32}
        assert batch.round == 3
        assert project.verify() == []


def test_axe_finds_nothing_in_our_own_markup_under_streamlits_colours(
    tab: Tab, desk: DeskServer
) -> None:
    schemes: tuple[Scheme, ...] = ("light", "dark")
    for colours in schemes:
        with tab.visit(color_scheme=colours) as at:
            page = at.open(seat(desk))
            on_screen(page)
            assert accessibility(page, ".stBidiComponent") == [], colours


def test_the_status_page_counts_and_exports(tab: Tab, desk: DeskServer) -> None:
    with Project.open(desk.folder, agent="none") as project:
        waiting = len(project.context.store.queue.tasks())
    with tab.visit() as at:
        page = at.open(seat(desk))
        first = on_screen(page)
        answered = page.locator(".tb-text").text_content()
        page.keyboard.press("1")
        until(lambda: on_screen(page) != first, "the next card")
        wait_saved(page)
        page.get_by_role("link", name="Status").click()
        page.get_by_role("heading", name="Status", exact=True).wait_for()
        page.get_by_text("Labelled by people").wait_for()
        body = page.locator("[data-testid='stMain']").inner_text()
        assert str(waiting - 1) in body
        assert "Labels: SIMULATED" in body
        with page.expect_download() as download:
            page.get_by_role("button", name="Download CSV").click()
        text = Path(download.value.path()).read_text(encoding="utf-8")
        (row,) = (r for r in csv.DictReader(io.StringIO(text)) if r["text"] == answered)
        assert (row["by"], row["who"]) == ("human", "Ada")
        assert at.errors == []


def test_the_keys_that_pages_list_are_the_keys_of_the_card(tab: Tab, desk: DeskServer) -> None:
    from tiebreak.ui.pages.status import KEYS

    with tab.visit() as at:
        page = at.open(seat(desk))
        on_screen(page)
        page.keyboard.press("?")
        sheet = page.locator(".tb-sheet dl")
        said = zip(
            sheet.locator("dd").all_inner_texts(),
            sheet.locator("dt").all_inner_texts(),
            strict=True,
        )
        assert {(", ".join(keys.split("\n")), does) for keys, does in said} == set(KEYS)


def test_the_script_alone_says_how_to_start_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from streamlit.testing.v1 import AppTest

    import tiebreak.ui

    # Running a script puts it in place of the tests' own main module, and processes that later
    # tests start would run it again.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    script = Path(tiebreak.ui.__file__).parent / "pages" / "script.py"
    at = AppTest.from_file(str(script)).run(timeout=30)
    assert "tiebreak review DIR" in at.exception[0].message
