from __future__ import annotations

import pytest

from tiebreak.errors import InputError
from tiebreak.files.columns import ImportOptions, choose_columns


def rows(_n=20, **columns):
    """Rows whose cells are made by calling each column with the row's number."""
    return [{name: make(i) for name, make in columns.items()} for i in range(_n)]


def choose(table, *, labels=(), **options):
    return choose_columns(list(table[0]), table, ImportOptions(**options), labels=labels)


def chosen(table, **options):
    columns = choose(table, **options)
    return columns.text, columns.label, columns.id, columns.split


SENTENCE = "This is sentence number {} of them all".format


@pytest.mark.parametrize(
    "name", ["text", "Body", "Message", "ticket_text", "mailBody", "UTTERANCE"]
)
def test_the_text_by_its_name(name):
    table = rows(notes=lambda i: SENTENCE(i) * 3, **{name: SENTENCE})
    assert chosen(table)[0] == name


def test_the_text_by_its_length():
    table = rows(a=lambda i: "short", b=SENTENCE, n=lambda i: 10**40 + i, empty=lambda i: None)
    assert chosen(table)[0] == "b"


def test_an_empty_column_of_a_good_name_is_passed_over():
    table = rows(text=lambda i: "", comment=lambda i: None, words=SENTENCE)
    assert chosen(table)[0] == "words"


@pytest.mark.parametrize("name", ["label", "Category", "intent", "true_label", "ticketClass"])
def test_the_label_by_its_name(name):
    table = rows(text=SENTENCE, **{name: lambda i: "ab"[i % 2]})
    assert chosen(table)[1] == name


def test_the_label_by_what_it_holds():
    kind, tag = lambda i: "ham" if i % 3 else "spam", lambda i: f"t{i}"
    table = rows(text=SENTENCE, tags=tag, kind=kind)
    assert chosen(table)[1] == "tags"
    assert chosen(table, labels=["ham", "spam"])[1] == "kind"
    assert chosen(table, labels=["other", "names"])[1] == "tags"
    both = rows(text=SENTENCE, raw=kind, label=kind)
    assert chosen(both, labels=["ham", "spam"])[1] == "label"


def test_ids_are_unique_and_full():
    assert chosen(rows(text=SENTENCE, id=lambda i: i))[2] == "id"
    assert chosen(rows(text=SENTENCE, ticket_id=lambda i: f"T-{i}"))[2] == "ticket_id"
    assert chosen(rows(text=SENTENCE, author_id=lambda i: i % 5))[2] is None
    assert chosen(rows(text=SENTENCE, id=lambda i: i or None))[2] is None
    assert chosen(rows(100, text=SENTENCE, id=lambda i: max(i, 2)))[2] == "id"
    assert chosen(rows(text=SENTENCE, id=lambda i: i % 5))[2] is None
    assert chosen(rows(text=SENTENCE, valid=lambda i: i, userid=lambda i: i))[2] is None


def test_splits_have_few_names():
    assert chosen(rows(text=SENTENCE, split=lambda i: ["train", "test"][i % 2]))[3] == "split"
    assert chosen(rows(text=SENTENCE, fold=lambda i: i % 5))[3] == "fold"
    assert chosen(rows(text=SENTENCE, set=SENTENCE))[3] is None


def test_given_columns_and_none_at_all():
    table = rows(text=SENTENCE, label=lambda i: "a", other=SENTENCE, id=lambda i: i)
    columns = choose(table, text="other", label="none", split="none")
    assert (columns.text, columns.label, columns.id, columns.split) == ("other", None, "id", None)
    assert columns.how == {"text": "given", "label": "none", "split": "none", "id": "guessed"}
    named = rows(text=SENTENCE, none=lambda i: "a")
    assert chosen(named, label="none")[1] == "none"


def test_a_missing_column_names_the_nearest():
    table = rows(text=SENTENCE, category=lambda i: "a")
    with pytest.raises(
        InputError, match=r"'categry'; there are \['text', 'category'\].*'category'"
    ):
        chosen(table, label="categry")
    with pytest.raises(InputError, match="Did you mean 'text'"):
        chosen(table, text="TEXT")
    with pytest.raises(InputError, match="Name one of those"):
        chosen(table, id="zzz")


def test_no_text_at_all():
    table = rows(a=lambda i: i, b=lambda i: None)
    with pytest.raises(InputError, match=r"No column of \['a', 'b'\].*--text COL"):
        chosen(table)
    assert chosen(table, corrections=True)[0] is None
    with pytest.raises(InputError, match="--text COL"):
        choose_columns(["a"], [], ImportOptions())
