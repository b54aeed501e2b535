"""Who may call the desk's routes: the bearer of a short-lived token, from the app's own pages.

The routes carry no cookie, so another site cannot borrow a person's session; a request that a
browser marks as coming from another origin is refused before its token is looked at.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from tiebreak.errors import Forbidden, Unauthorised

TOKEN_SECONDS = 900
SECRET_FILE = ".desk-secret"  # noqa: S105
MAX_NAME = 80


@dataclass(frozen=True, slots=True)
class Guard:
    """Makes and reads the tokens of one project.

    Args:
        secret: signs; kept with the project, so that a restarted server knows its clients.
        seconds: how long a token is good for; each reply of the desk brings a fresh one.
    """

    secret: str
    seconds: int = TOKEN_SECONDS

    @property
    def key(self) -> str:
        """Names the project in a browser's storage without giving the secret away."""
        return hashlib.sha256(f"storage {self.secret}".encode()).hexdigest()[:16]

    def token(self, who: str) -> str:
        """A token for a person."""
        return str(self._signer.dumps(who))

    def who(self, token: str) -> str:
        """Whose token this is.

        Raises:
            Unauthorised: nobody's, or too old.
        """
        try:
            who = self._signer.loads(token, max_age=self.seconds)
        except SignatureExpired:
            raise Unauthorised(
                "The page's pass has run out.", mend="The page asks for a new one."
            ) from None
        except BadSignature:
            raise Unauthorised("The request has no valid pass.", mend="Reload the page.") from None
        return str(who)

    @property
    def _signer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self.secret, salt="tiebreak-desk")


def check_origin(origin: str | None, host: str | None, fetch_site: str | None) -> None:
    """Refuse a request that a browser says another site's page has made.

    Args:
        origin: the ``Origin`` header; programs that are no browsers send none.
        host: the ``Host`` header.
        fetch_site: the ``Sec-Fetch-Site`` header.

    Raises:
        Forbidden: it comes from another origin.
    """
    foreign = fetch_site not in (None, "same-origin", "none")
    if foreign or (origin is not None and urlsplit(origin).netloc != host):
        raise Forbidden(
            f"Requests from {origin!r} are refused.", mend="Open the app under its own address."
        )


def clean_name(raw: str) -> str:
    """A person's name as it is kept with their labels: one line, trimmed; empty if there is none.

    Control and formatting characters go, because names stand in tables and logs.
    """
    shown = "".join(c if c.isprintable() else " " for c in raw)
    return " ".join(shown.split())[:MAX_NAME].strip()


def secret_of(folder: Path) -> str:
    """The project's secret, made on first use; only its owner can read the file."""
    path = folder / SECRET_FILE
    if not path.exists():
        handle, draft = tempfile.mkstemp(dir=folder, prefix=SECRET_FILE)  # readable by us alone
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(32))
        with suppress(FileExistsError):  # another server was quicker: its secret it is
            os.link(draft, path)
        Path(draft).unlink()
    return path.read_text(encoding="ascii")
