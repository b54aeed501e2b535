"""Who is let in: tokens, origins, names, and the secret's file."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from itsdangerous import URLSafeTimedSerializer

from tiebreak.errors import Forbidden, Unauthorised
from tiebreak.ui.server.guard import SECRET_FILE, Guard, check_origin, clean_name, secret_of

GUARD = Guard("a secret")


@pytest.mark.parametrize("who", ["Ada", "Zoë Ångström", "שלום", "a" * 80, '"; drop'])
def test_a_token_tells_whose_it_is(who: str) -> None:
    assert GUARD.who(GUARD.token(who)) == who


@pytest.mark.parametrize(
    "token",
    [
        "",
        "nonsense",
        Guard("another secret").token("Ada"),
        URLSafeTimedSerializer("a secret", salt="of other use").dumps("Ada"),
        GUARD.token("Ada")[:-2],
        GUARD.token("Ada").replace(".", "..", 1),
    ],
    # tokens have the time in them, and two processes must give a test one name
    ids=["nothing", "nonsense", "another secret", "of other use", "cut short", "two dots"],
)
def test_what_is_no_token_of_ours_is_refused(token: str) -> None:
    with pytest.raises(Unauthorised):
        GUARD.who(token)


def test_an_old_token_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    token = GUARD.token("Ada")
    issued = URLSafeTimedSerializer("a secret", salt="tiebreak-desk").make_signer().get_timestamp()
    monkeypatch.setattr(
        "itsdangerous.timed.TimestampSigner.get_timestamp", lambda _: issued + GUARD.seconds - 1
    )
    assert GUARD.who(token) == "Ada"
    monkeypatch.setattr(
        "itsdangerous.timed.TimestampSigner.get_timestamp", lambda _: issued + GUARD.seconds + 2
    )
    with pytest.raises(Unauthorised, match="run out"):
        GUARD.who(token)


@pytest.mark.parametrize(
    ("origin", "host", "site"),
    [
        ("http://127.0.0.1:8501", "127.0.0.1:8501", "same-origin"),
        (None, "127.0.0.1:8501", None),
        (None, "127.0.0.1:8501", "none"),
        ("https://desk.example", "desk.example", None),
    ],
)
def test_our_own_pages_and_programs_come_in(
    origin: str | None, host: str, site: str | None
) -> None:
    check_origin(origin, host, site)


@pytest.mark.parametrize(
    ("origin", "host", "site"),
    [
        ("http://evil.example", "127.0.0.1:8501", "cross-site"),
        ("http://evil.example", "127.0.0.1:8501", None),
        ("http://127.0.0.1:9999", "127.0.0.1:8501", "same-site"),
        (None, "127.0.0.1:8501", "cross-site"),
        ("null", "127.0.0.1:8501", None),
        ("http://127.0.0.1:8501", None, None),
    ],
)
def test_other_sites_pages_do_not(origin: str | None, host: str | None, site: str | None) -> None:
    with pytest.raises(Forbidden):
        check_origin(origin, host, site)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("  Ada   Lovelace ", "Ada Lovelace"),
        ("Ada\r\nLovelace\x1b[31m", "Ada Lovelace [31m"),
        ("\u202eadA\u2066", "adA"),
        ("\n\t \u200b", ""),
        ("x" * 200, "x" * 80),
        ("李小龍", "李小龍"),
    ],
)
def test_a_name_is_one_printable_line(raw: str, name: str) -> None:
    assert clean_name(raw) == name


def test_servers_that_start_at_once_share_one_secret_file(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        secrets = list(pool.map(secret_of, [tmp_path] * 32))
    assert len(set(secrets)) == 1
    assert len(secrets[0]) >= 32
    assert [p.name for p in tmp_path.iterdir()] == [SECRET_FILE]
    assert stat.S_IMODE((tmp_path / SECRET_FILE).stat().st_mode) == 0o600
    assert Guard(secrets[0]).key not in secrets[0]
