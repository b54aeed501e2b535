"""What encoders that are transformers share: weights that come in a package, a window of tokens."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tiebreak.errors import MissingPackage

_CHARS_PER_TOKEN = 32  # far more than any script needs: a first guess of how much text to read
_MARGIN = 128  # tokens; no word of a WordPiece vocabulary has more than 100
_SPARE = 8  # tokens; more than any tokeniser adds around a text


def packaged(package: str, file: str, sha256: str) -> Path | None:
    """The path of *file* in an installed package, which is not imported; None without one.

    Raises:
        MissingPackage: the file's SHA-256 (hex) is another.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / file
    if not path.is_file():
        return None
    with path.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    if digest != sha256:
        raise MissingPackage(
            f"The packaged file {str(path)!r} is damaged: sha256 {digest[:12]!r}, "
            f"not {sha256[:12]!r}.",
            mend=f"Install it again: pip install --force-reinstall {package.replace('_', '-')}",
        )
    return path


@dataclass(frozen=True, slots=True)
class Window:
    """What is read of a text, and which texts are longer: ``size`` tokens, special ones counted;
    ``count`` gives the tokens of texts, uncut."""

    size: int
    count: Callable[[list[str]], list[int]]

    def cut(self, texts: Sequence[str]) -> int:
        """How many texts have more tokens, special ones counted, than the window.

        A short ASCII text cannot: every token takes a character. Others are tokenised (a
        character outside ASCII can be several tokens).
        """
        unsure = [t for t in texts if not (t.isascii() and len(t) + _SPARE <= self.size)]
        counts = self.count([self.head(text) for text in unsure]) if unsure else []
        return sum(count > self.size for count in counts)

    def head(self, text: str) -> str:
        """As much of a long text as the encoder can read: same vector, without its whole cost.

        A cut may change the tokens of the word that it goes through, so it is taken only if the
        window ends well before that word. Lone surrogates, which tokenisers refuse, are replaced.
        """
        limit = _CHARS_PER_TOKEN * self.size
        while len(text) > limit:
            head = _encodable(text[:limit])
            if self.count([head])[0] >= self.size + _MARGIN:
                return head
            limit *= 8
        return _encodable(text)


def _encodable(text: str) -> str:
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
