"""The review card's modules in Chromium, before a stub of the desk's routes."""

from __future__ import annotations

from typing import Any

import pytest
from browser import accessibility, hold
from card_page import CARD, DARK, LIGHT, blind, card
from card_reader import INERT, LABELS, PHONE, WIDE, Open, Reader, reader

__all__ = ["reader"]  # a fixture

pytestmark = pytest.mark.browser


def burst(reader: Reader, keys: str, *, gap: int) -> list[tuple[int, str, str | None]]:
    """Presses label keys blindly; returns what must have been decided, by what was on screen."""
    for key in keys:
        reader.page.keyboard.press(key)
        reader.page.wait_for_timeout(gap)
    names = [each["name"] for each in reader.desk.labels]
    presses = reader.run("presses")
    return [
        (int(each["record"]), "label", names[int(each["key"]) - 1])
        for each in presses
        if each["record"] and each["record"] == each["painted"]
    ]


def ordered(record: int, **parts: Any) -> dict[str, Any]:
    """A card whose slots are in the order of the schema."""
    return card(record, **parts) | {
        "model": {"version": 5, "top": [["fee", 0.4]], "order": [0, 1, 2, 3]}
    }


def test_each_key_makes_its_event(reader: Open) -> None:
    desk = reader()
    for number, key in enumerate(["Enter", "a", "1", "4", "d", "s", "f"], start=1):
        desk.press(key, on=number)
    desk.press("u", on=8)
    desk.press("Backspace", on=7)
    desk.on(6)
    label = "label"
    assert desk.decided() == [
        (1, label, "card_arrival"),
        (2, label, "card_arrival"),
        (3, label, "fee"),
        (4, label, "card_arrival"),
        (5, "none", None),
        (6, "skip", None),
        (7, "flag", None),
        (7, "undo", None),
        (6, "undo", None),
    ]
    assert [event["seq"] for event in desk.desk.stored] == list(range(1, 10))
    first = desk.desk.stored[0]
    assert (first["shown"], first["suggestion"], first["model"]) == ("evidence", 3, 5)
    assert first["seconds"] > 0.25


def test_each_key_has_a_twin_to_click(reader: Open) -> None:
    desk = reader()
    twins = [".tb-accept", "[data-label=top_up]", ".tb-none", ".tb-skip", ".tb-flag"]
    for number, selector in enumerate(twins, start=1):
        desk.on(number)
        desk.page.wait_for_timeout(INERT)
        desk.at(selector).click()
    desk.on(6)
    desk.at(".tb-undo").click()
    desk.on(5)
    assert [outcome for _, outcome, _ in desk.decided()] == [
        *("label", "label", "none", "skip", "flag", "undo")
    ]
    desk.at(".tb-back").click()
    desk.on(4)
    desk.at(".tb-forward").click()
    desk.on(5)
    small = desk.run(
        "[...root.querySelectorAll('button')].map(b => [b, b.getBoundingClientRect()])"
        ".filter(([b, r]) => r.width && (r.width < 24 || r.height < 24)).map(([b]) => b.className)"
    )
    assert small == []


def test_labels_past_ten_and_the_zero(reader: Open) -> None:
    names = tuple(f"label_{n}" for n in range(1, 22))
    desk = reader([blind(n) for n in range(1, 9)], names)
    for number, key in enumerate(["0", "Shift+1", "Shift+9"], start=1):
        desk.press(key, on=number)
    desk.press("Shift+0", on=4)
    assert [label for *_, label in desk.decided()] == ["label_10", "label_11", "label_19"]
    keyed = desk.at(".tb-label[aria-keyshortcuts='Shift+1']")
    assert keyed.get_attribute("data-label") == "label_11"
    assert desk.record == 4


def test_a_burst_with_lost_replies_decides_each_card_once(reader: Open) -> None:
    desk = reader([ordered(n) for n in range(1, 261)])
    desk.on(1)
    desk.desk.drop, desk.desk.statuses, desk.desk.refuse = 3, [500, 503], 2
    expected = burst(desk, "1234" * 50, gap=20)
    assert desk.decided() == expected
    assert len({record for record, *_ in expected}) == len(expected) > 150


def test_a_reload_replays_the_outbox_and_nothing_twice(reader: Open) -> None:
    desk = reader([ordered(n) for n in range(1, 40)])
    desk.on(1)
    desk.desk.statuses = [503] * 1000
    before = burst(desk, "12341", gap=30)
    assert desk.at(".tb-saved").get_attribute("data-unsaved") == "5"
    assert desk.desk.stored == []
    client = desk.run("Object.keys(sessionStorage).find(k => k.endsWith('/tab'))")
    client = desk.run("k => JSON.parse(sessionStorage[k]).client", client)
    desk.page.reload()
    desk.desk.statuses = []
    desk.at(".tb-card[data-painted]").wait_for()
    assert desk.record == 6  # the replayed answers count before cards are dealt
    after = burst(desk, "22", gap=30)
    assert desk.decided() == before + after
    assert [event["seq"] for event in desk.desk.stored] == list(range(1, 8))
    assert {event["client"] for event in desk.desk.stored} == {client}


def test_last_words_free_the_records(reader: Open) -> None:
    desk = reader()
    desk.press("1", on=1)
    desk.saved()
    held = dict(desk.desk.leases)
    desk.page.goto(desk.url + "blank")
    assert len(held) == 19
    desk.until(lambda: desk.desk.requests[-1]["leaving"])
    assert desk.desk.leases == {}


def test_presses_that_cannot_mean_the_new_card_decide_nothing(reader: Open) -> None:
    desk = reader()
    desk.on(1)
    # Two presses in one task: no frame can have been drawn between them.
    press = "document.dispatchEvent(new KeyboardEvent('keydown', {key: '1', code: 'Digit1'}));"
    desk.run(press + press)
    desk.on(2)
    desk.at("[data-label=fee]").dblclick()
    desk.on(3)
    desk.page.keyboard.press("Enter")  # too early to accept
    desk.page.keyboard.press("a")
    desk.page.keyboard.press("2")  # a label is never too early on a painted card
    desk.on(4)
    assert desk.decided() == [(1, "label", "fee"), (2, "label", "fee"), (3, "label", "top_up")]


def test_a_held_enter_decides_once(reader: Open) -> None:
    desk = reader()
    for record in (1, 2):
        desk.on(record)
        desk.page.wait_for_timeout(INERT)
        hold(desk.page, "Enter", "Enter", repeats=8)
    desk.on(3)
    desk.at(".tb-skip").focus()
    hold(desk.page, "Enter", "Enter", repeats=8)
    desk.on(4)
    # The focus went to the new card, so that Enter accepts there.
    desk.press("Enter")
    desk.on(5)
    outcomes = ["label", "label", "skip", "label"]
    assert [(r, o) for r, o, _ in desk.decided()] == list(enumerate(outcomes, start=1))


def test_typing_in_a_field_decides_nothing(reader: Open) -> None:
    desk = reader()
    desk.on(1)
    desk.page.keyboard.press("n")
    desk.page.keyboard.type("as 1 d\nfu")
    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("/")
    desk.page.keyboard.type("a1sd")
    desk.page.keyboard.press("Enter")  # nothing matches
    desk.page.keyboard.press("Escape")
    assert desk.decided() == []
    desk.press("2", on=1)
    assert desk.decided() == [(1, "label", "top_up")]
    assert desk.desk.stored[0]["note"] == "as 1 d\nfu"
    assert desk.at(".tb-note").input_value() == ""


def test_keys_belong_to_the_field_that_has_the_focus(reader: Open) -> None:
    desk = reader()
    desk.on(1)
    desk.page.wait_for_timeout(INERT)
    fields = ["<input>", "<select><option>a", "<textarea>", "<p contenteditable=true>x"]
    for markup in [*fields, "<button>b"]:
        desk.run("html => page.insertAdjacentHTML('beforeend', html)", markup)
        desk.run("page.lastElementChild.focus()")
        desk.page.keyboard.press("Enter")
        if markup in fields:
            desk.page.keyboard.press("1")
    desk.run("document.activeElement.blur()")
    desk.page.keyboard.press("Control+1")
    desk.page.keyboard.press("Shift+s")
    assert desk.record == 1
    desk.press("s", on=1)
    assert desk.decided() == [(1, "skip", None)]


def test_keys_are_dead_behind_a_dialog(reader: Open) -> None:
    desk = reader()
    desk.on(1)
    desk.at(".tb-skip").focus()
    for opens, shown in (("?", ".tb-sheet"), ("g", ".tb-guideline")):
        desk.page.keyboard.press(opens)
        desk.at(shown).wait_for()
        words = desk.at(shown).inner_text()
        for key in ("1", "d", "s", "u", "g"):
            desk.page.keyboard.press(key)
        inside = "root.activeElement.closest('dialog') !== null"
        for _ in range(30):
            desk.page.keyboard.press("Tab")
        assert desk.run(f"root.activeElement === null || {inside}")
        desk.page.keyboard.press("Escape")
        desk.at(shown).wait_for(state="detached")
        assert desk.run("root.activeElement.className").endswith("tb-skip")
    assert "Label what the writer wants." in words  # the guideline, which was the last
    assert "About top_up." in words
    assert "A text on fee." in words
    desk.run("page.insertAdjacentHTML('beforeend', '<div role=dialog id=modal>Really?</div>')")
    desk.page.keyboard.press("1")
    assert desk.record == 1
    desk.run("modal.remove()")
    desk.press("1", on=1)
    assert desk.decided() == [(1, "label", "fee")]


def test_undo_goes_back_to_the_first_and_forward_again(reader: Open) -> None:
    desk = reader()
    for number, key in enumerate("123", start=1):
        desk.press(key, on=number)
    for number in (4, 3, 2):
        desk.press("u", on=number)
    desk.press("u", on=1)  # nothing left
    assert "Nothing to undo" in desk.at(".tb-say").inner_text()
    for number, key in enumerate("321", start=1):
        desk.press(key, on=number)
    desk.on(4)
    outcomes = desk.decided()
    assert [(r, o) for r, o, _ in outcomes[3:6]] == [(3, "undo"), (2, "undo"), (1, "undo")]
    assert {r: e["label"] for r, e in desk.desk.answered().items()} == {
        1: "other",
        2: "top_up",
        3: "fee",
    }


def test_looking_back_changes_an_answer_and_returns(reader: Open) -> None:
    desk = reader()
    for number in (1, 2, 3):
        desk.press("1", on=number)
    desk.on(4)
    desk.press("ArrowLeft")
    desk.press("ArrowLeft", on=3)
    desk.on(2)
    assert "Already answered: fee" in desk.at(".tb-was").inner_text()
    assert "your answer" in desk.at(".tb-mine").inner_text()
    desk.press("2")
    desk.on(4)  # back at the card that waits
    assert desk.at(".tb-was").is_hidden()
    assert desk.decided()[3:] == [(2, "undo", None), (2, "label", "top_up")]
    desk.press("ArrowLeft")
    desk.on(2)  # the newest answer stands last
    desk.press("u")
    desk.on(2)
    assert desk.at(".tb-was").is_hidden()
    desk.press("3", on=2)
    desk.on(4)
    assert desk.decided()[5:] == [(2, "undo", None), (2, "label", "other")]
    desk.press("ArrowLeft", on=4)
    desk.press("ArrowRight", on=2)
    desk.on(4)
    assert len(desk.decided()) == 7


def test_a_new_epoch_keeps_the_card_on_screen(reader: Open) -> None:
    desk = reader()
    desk.press("1", on=1)
    desk.on(2)
    desk.saved()
    desk.desk.epoch = "m6.s1"
    for record in range(3, 61):
        desk.desk.cards[record] |= {"why": "of the new model"}
    desk.press("1")
    desk.on(3)
    # The reply to that answer brings the epoch: card 3 was on screen, all behind it come anew.
    desk.saved()
    assert "disagree" in desk.at(".tb-reason").inner_text()
    desk.press("1", on=3)
    desk.on(4)
    assert "of the new model" in desk.at(".tb-reason").inner_text()
    let_go = [record for request in desk.desk.requests for record in request["release"]]
    assert let_go[:3] == [4, 5, 6]
    assert 3 not in let_go


def test_a_lost_record_is_never_shown_but_for_the_one_on_screen(reader: Open) -> None:
    desk = reader([card(n) for n in range(1, 20)])
    desk.on(1)
    desk.desk.stolen = {1, 18, 19}
    seen = []
    for _ in range(17):  # below ten ahead it asks for more, and so hears what it lost
        desk.at(".tb-card[data-painted]").wait_for()
        seen.append(desk.record)
        desk.page.keyboard.press("1")
        desk.saved()
    assert seen == list(range(1, 18))


def test_the_heartbeat_names_every_held_record_and_drops_the_lost(reader: Open) -> None:
    desk = reader([card(n) for n in range(1, 16)], fresh=True)
    desk.page.clock.install()
    desk.page.reload()
    desk.on(1)
    desk.desk.stolen = {1, 2, 3}
    before = len(desk.desk.requests)
    desk.page.clock.fast_forward(31_000)
    beat = desk.until(lambda: [r["held"] for r in desk.desk.requests[before:] if r["held"]])[0]
    assert beat == list(range(1, 16))
    desk.page.clock.resume()
    desk.page.wait_for_timeout(100)
    assert desk.record == 1  # under the reader's fingers
    desk.page.keyboard.press("1")
    desk.on(4)


def test_prefetch_asks_for_more_in_time(reader: Open) -> None:
    desk = reader([card(n) for n in range(1, 101)])
    for number in range(1, 13):
        desk.press("1", on=number)
    desk.saved()
    wants = [request["want"] for request in desk.desk.requests if request["want"]]
    held = [request["held"] for request in desk.desk.requests if request["want"]]
    assert (wants[0], held[0]) == (20, [])
    # Below a second a card it keeps forty ahead, and so asks before ten are left.
    assert wants[1] + len(held[1]) == 41
    assert len(held[1]) > 10


def test_an_empty_desk_says_so_and_wakes_up(reader: Open) -> None:
    desk = reader([card(1)])
    desk.press("1", on=1)
    desk.at(".tb-card[data-state=empty]").wait_for()
    desk.at(".tb-empty", has_text="Nothing waits for you").wait_for()
    desk.at(".tb-empty", has_text="training on 40 answers").wait_for()
    asked = len(desk.desk.requests)
    desk.desk.cards[2] = card(2)
    desk.on(2)
    assert len(desk.desk.requests) - asked <= 3
    desk.press("u", on=2)
    desk.on(1)
    desk.desk.learner = {"state": "off", "message": ""}
    for number in (1, 2):
        desk.press("1", on=number)
    desk.at(".tb-card[data-state=done]").wait_for()
    desk.press("u")  # undo reaches back from the empty desk too
    desk.on(2)


def test_a_duplicated_tab_speaks_for_itself(reader: Open) -> None:
    desk = reader([ordered(n) for n in range(1, 60)], fresh=True)
    desk.on(1)
    desk.desk.statuses = [503] * 1000
    first = burst(desk, "12", gap=30)
    with desk.page.expect_popup() as opened:  # a popup gets a copy of sessionStorage
        desk.run("open(location.href) && 0")
    twin = Reader(opened.value, desk.desk, desk.url, desk.errors, desk.hosts)
    # The twin waits a second for the other to be gone, then forgets what it copied.
    copied = "Object.keys(sessionStorage).filter(key => key.includes('/e/'))"
    desk.until(lambda: twin.run(copied) == [])
    desk.desk.statuses = []
    twin.at(".tb-card[data-painted]").wait_for()
    twin.page.keyboard.press("3")
    twin.saved()
    desk.saved()
    assert len(desk.desk.stored) == 3
    clients = {event["label"]: event["client"] for event in desk.desk.stored}
    assert clients["card_arrival"] == clients["fee"] != clients["top_up"]
    assert len({event["key"] for event in desk.desk.stored}) == 3
    assert first == [(1, "label", "card_arrival"), (2, "label", "fee")]


def test_a_token_that_ran_out_is_renewed(reader: Open) -> None:
    desk = reader()
    desk.on(1)
    desk.saved()
    desk.desk.token = "t1"
    desk.press("1")
    desk.on(2)
    assert desk.decided() == [(1, "label", "fee")]
    assert desk.run("renewals") >= 1


def test_a_rerun_keeps_the_card_and_doubles_no_key(reader: Open) -> None:
    desk = reader()
    desk.press("1", on=1)
    desk.on(2)
    desk.page.keyboard.press("n")
    desk.page.keyboard.type("half a no")
    for _ in range(3):
        desk.run("rerun()")
    desk.page.keyboard.type("te")
    desk.page.keyboard.press("Escape")
    desk.press("1", on=2)
    desk.on(3)
    assert desk.decided() == [(1, "label", "fee"), (2, "label", "fee")]
    assert desk.desk.stored[1]["note"] == "half a note"


def test_another_page_lets_the_outbox_flush_and_takes_no_keys(reader: Open) -> None:
    desk = reader()
    desk.on(1)
    desk.desk.statuses = [503, 503]
    desk.press("1")
    desk.on(2)
    desk.run("unmount()")
    desk.page.keyboard.press("1")
    desk.until(lambda: desk.desk.stored)
    assert desk.desk.decisions() == [(1, "label", "fee")]
    desk.run("mount()")
    desk.press("1", on=2)
    desk.on(3)
    assert len(desk.decided()) == 2


def test_a_refused_event_is_told_and_not_sent_again(reader: Open) -> None:
    desk = reader()
    desk.desk.refusing = {1: "Somebody else has answered ticket-1."}
    desk.press("1", on=1)
    desk.press("1", on=2)
    desk.on(3)
    desk.saved()
    assert "Somebody else has answered ticket-1." in desk.at(".tb-refused").inner_text()
    assert desk.decided() == [(2, "label", "fee")]
    desk.at(".tb-refused button").click()
    assert desk.at(".tb-refused").is_hidden()


def test_leaving_with_unsaved_answers_warns(reader: Open) -> None:
    desk = reader(fresh=True)
    desk.on(1)
    asked: list[str] = []
    desk.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    desk.page.mouse.click(5, 5)  # a page nobody touched may not ask
    desk.desk.statuses = [503] * 1000
    desk.press("1")
    desk.on(2)
    assert "1 unsaved — retrying" in desk.at(".tb-saved").inner_text()
    desk.page.reload()
    assert asked == ["beforeunload"]


def test_a_blind_card_has_no_machine_answer(reader: Open) -> None:
    desk = reader([blind(1), card(2)])
    desk.press("Enter", on=1)
    desk.press("a")
    assert desk.record == 1
    assert "A blind card" in desk.at(".tb-say").inner_text()
    assert desk.at(".tb-card").get_attribute("data-blind") == "true"
    assert desk.at(".tb-box").count() == 0
    assert desk.at(".tb-proposed").count() == 0
    assert [each.get_attribute("data-label") for each in desk.at(".tb-label").all()] == list(LABELS)
    desk.press("2")
    desk.on(2)
    assert desk.at(".tb-box").count() == 3
    assert desk.decided() == [(1, "label", "fee")]
    event = desk.desk.stored[0]
    assert (event["shown"], event["suggestion"], event["model"]) == ("blind", None, None)


def test_without_a_proposal_enter_says_so(reader: Open) -> None:
    absent = {k: v for k, v in card(1).items() if k != "suggestion"}
    abstained = card(2) | {
        "suggestion": card(2)["suggestion"] | {"label": None, "abstain": "unclear"}
    }
    desk = reader([absent, abstained])
    desk.press("Enter", on=1)
    assert "No label is proposed" in desk.at(".tb-say").inner_text()
    desk.press("1")
    desk.press("Enter", on=2)
    assert "abstained: unclear" in desk.at(".tb-proof").inner_text()
    assert desk.decided() == [(1, "label", "fee")]


HOSTILE = (
    "<img src=http://evil.example/a onerror=alert(1)><script>alert(2)</script>"
    "![x](http://evil.example/b) <a href='javascript:alert(3)'>x</a> "
    "\u202etxt.exe\u202c \u2066x\u2069 \u200f"
)


def test_hostile_text_is_inert(reader: Open) -> None:
    parts = card(1)["suggestion"] | {"rationale": HOSTILE, "abstain": None, "agent": HOSTILE}
    near = [{"text": HOSTILE, "label": HOSTILE, "similarity": 0.5}]
    bad = card(1, text=HOSTILE, id=HOSTILE, why=HOSTILE, suggestion=parts, near=near)
    desk = reader([bad, card(2)], (*LABELS[:3], HOSTILE))
    desk.press("e", on=1)
    desk.press("g")
    desk.at(".tb-guideline").wait_for()
    assert desk.run("root.querySelectorAll('img, script, a, iframe').length") == 0
    shown = desk.at(".tb-text").inner_text()
    assert "<script>alert(2)</script>" in shown
    assert "⟨RLO⟩txt.exe⟨PDF⟩ ⟨LRI⟩x⟨PDI⟩ ⟨RLM⟩" in shown
    written = desk.run("root.querySelector('.tb-card').textContent")
    assert not set(written) & set(
        "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )
    look = (
        "s => { const e = root.querySelector(s); return [e.dir, getComputedStyle(e).unicodeBidi] }"
    )
    for selector in (".tb-text", ".tb-rationale", ".tb-near .tb-quote", ".tb-name", ".tb-id"):
        assert desk.run(look, selector) == ["auto", "isolate"]


def test_the_whole_of_a_long_text_is_fetched_when_asked_for(reader: Open) -> None:
    long = card(1, text="x" * 20_000, chars=31_000)
    desk = reader([long, card(2)])
    desk.desk.texts[1] = "x" * 30_996 + " end"
    desk.on(1)
    assert len(desk.at(".tb-text").inner_text()) < 4_000
    desk.press("e")
    desk.at(".tb-text", has_text=" end").wait_for()
    desk.press("e")
    assert len(desk.at(".tb-text").inner_text()) < 4_000


def test_seventy_seven_labels_are_workable(reader: Open) -> None:
    names = (*(f"reason_{n}" for n in range(76)), "lost_or_stolen_card")
    scored = card(1) | {"model": {"version": 1, "top": [["reason_70", 0.9]], "order": [70, 3, 5]}}
    cards = [scored, *[blind(n) for n in range(2, 6)]]
    desk = reader(cards, names)
    desk.on(1)
    first = [each.get_attribute("data-label") for each in desk.at(".tb-label").all()][:4]
    assert first == ["reason_70", "reason_3", "reason_5", "reason_0"]
    desk.press("/")
    desk.page.keyboard.type("stolen ca")
    assert desk.at(".tb-label:visible").count() == 1
    desk.page.keyboard.press("Enter")
    desk.on(2)
    assert desk.at(".tb-label:visible").count() == 77
    desk.press("/")
    desk.page.keyboard.type("son 7")
    desk.page.keyboard.press("ArrowDown")
    desk.page.keyboard.press("ArrowDown")
    assert desk.at(".tb-live").inner_text() == "reason_27, 3 of 13"
    desk.page.keyboard.press("Enter")
    desk.on(3)
    desk.press("1")
    desk.on(4)
    assert [label for *_, label in desk.decided()] == [
        "lost_or_stolen_card",
        "reason_27",
        "reason_0",
    ]


def test_a_remapped_key_persists_and_conflicts_are_refused(reader: Open) -> None:
    desk = reader()
    desk.press("?", on=1)

    def change(key: str) -> str:
        desk.at(".tb-cap[data-for='skip 0']").click()
        desk.page.keyboard.press(key)
        return desk.at(".tb-sheet-say").inner_text()

    assert "Streamlit" in change("c")
    assert "Streamlit" in change("r")
    assert "is taken: Flag" in change("f")
    assert "digits" in change("5")
    assert "old key stays" in change("Escape")
    assert "Changed" in change("x")
    desk.page.keyboard.press("Escape")
    desk.at(".tb-sheet").wait_for(state="detached")
    desk.press("s", on=1)
    desk.press("x")
    desk.on(2)
    assert desk.at(".tb-skip").get_attribute("aria-keyshortcuts") == "X"
    desk.page.reload()
    desk.at(".tb-card[data-painted]").wait_for()
    desk.press("x")
    assert [outcome for _, outcome, _ in desk.decided()] == ["skip", "skip"]
    desk.press("?")
    desk.at(".tb-reset").click()
    desk.page.keyboard.press("Escape")
    desk.at(".tb-sheet").wait_for(state="detached")
    desk.press("s")
    assert len(desk.decided()) == 3


LAYOUTS = [
    ({"key": "ы", "code": "KeyS"}, "skip"),  # another script: by place
    ({"key": "S", "code": "KeyS"}, "skip"),  # Caps Lock
    ({"key": "&", "code": "Digit1"}, "label"),  # French: digits by place
    ({"key": "3", "code": "Numpad3"}, "label"),
]


def test_other_keyboards(reader: Open) -> None:
    desk = reader()
    desk.on(1)
    send = (
        "press => document.body.dispatchEvent("
        "new KeyboardEvent('keydown', {bubbles: true, composed: true, ...press}))"
    )
    # On a German one "/" is Shift and 7: it finds a label, and decides nothing.
    desk.run(send, {"key": "/", "code": "Digit7", "shiftKey": True})
    assert desk.run("root.activeElement.className") == "tb-filter"
    desk.page.keyboard.press("Escape")
    for record, (press, _) in enumerate(LAYOUTS, start=1):
        desk.on(record)
        desk.run(send, press)
    desk.on(5)
    assert [outcome for _, outcome, _ in desk.decided()] == [outcome for _, outcome in LAYOUTS]


def test_the_bar_tells_progress_pace_and_the_share_accepted(reader: Open) -> None:
    desk = reader()
    desk.at(".tb-progress", has_text="0 of 60 in this batch").wait_for()
    desk.press("Enter", on=1)
    desk.press("1", on=2)
    desk.on(3)
    desk.saved()
    assert desk.at(".tb-progress").inner_text() == "2 of 60 in this batch"
    assert "50% accepted" in desk.at(".tb-pace").inner_text()
    assert "s a card" in desk.at(".tb-pace").inner_text()
    assert "My card number 3" in desk.at(".tb-live").inner_text()


@pytest.mark.parametrize(
    ("colours", "viewport"),
    [(LIGHT, WIDE), (DARK, WIDE), (LIGHT, PHONE), (DARK, PHONE)],
    ids=["light", "dark", "light-phone", "dark-phone"],
)
def test_no_barrier_that_axe_can_find(reader: Open, colours: dict[str, str], viewport: Any) -> None:
    names = LABELS + tuple(f"label_{n}" for n in range(30))
    agreed = card(2) | {"model": card(2)["model"] | {"top": [["card_arrival", 0.7]]}}
    desk = reader([card(1), agreed, blind(3)], names, colours=colours, viewport=viewport)
    found = []
    for record in (1, 2, 3):
        desk.on(record)
        if viewport == WIDE or record != 2:
            found += accessibility(desk.page, "main")
        for key in "?g" if (record, viewport) == (1, WIDE) and colours == LIGHT else "":
            desk.press(key)
            found += accessibility(desk.page, "main")
            desk.page.keyboard.press("Escape")
            desk.at("dialog").wait_for(state="detached")
        desk.press("1")
    desk.at(".tb-card[data-state=empty]").wait_for()
    desk.press("ArrowLeft")
    desk.on(3)
    found += accessibility(desk.page, "main")
    assert found == []
    wider = desk.run("document.documentElement.scrollWidth - innerWidth")
    assert wider <= 0


def test_on_a_phone_the_labels_stay_at_the_thumb(reader: Open) -> None:
    long = card(1, text="word " * 500)
    desk = reader([long, card(2)], viewport=PHONE, has_touch=True)
    desk.on(1)
    box = desk.at(".tb-labels").bounding_box()
    assert box is not None
    assert 500 < box["y"] < 844 - 40
    desk.at("[data-label=fee]").tap()
    desk.on(2)
    assert desk.decided() == [(1, "label", "fee")]


def test_the_card_stays_small() -> None:
    files = [file for file in CARD.iterdir() if file.suffix in (".js", ".css")]
    assert sum(file.stat().st_size for file in files) < 68_000
    assert all(len(file.read_text(encoding="utf-8").splitlines()) < 300 for file in files)
    code = "".join(file.read_text(encoding="utf-8") for file in files)
    assert "innerHTML" not in code
    assert "http://" not in code
