"""What the docs site needs beside mkdocs: pages that live elsewhere, links that suit both readers.

Links in the docs are relative paths in the repository, so that they work where the files are read
as they are. On the site a link to a page outside `docs/` leads to its copy there, and one to a
module leads to its place in the API reference. The site asks no other host for anything: a page
that would is an error.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]

OUTSIDE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "examples/README.md": "examples.md",
}
"""Pages of the repository that stand outside `docs/`, and their places on the site."""

ROOMS = sorted(file.parent.name for file in (ROOT / "tiebreak").glob("*/__init__.py"))

LINK = re.compile(r"\[([^\]]*)\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)\s]*)?\)")
LOADED = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed)\b[^>]*\bsrc=[\"']?(?:https?:)?//"
    r"|<link\b[^>]*\brel=[\"']?(?:stylesheet|icon|preconnect|preload|dns-prefetch)[^>]*"
    r"\bhref=[\"']?(?:https?:)?//",
    re.IGNORECASE,
)


def on_files(files: Files, config: Any, **_: Any) -> Files:
    """Add the pages that stand outside `docs/`, and one of the API reference for each room."""
    for path, page in OUTSIDE.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / path)))
    for room in ROOMS:
        text = f"::: tiebreak.{room}\n    options:\n      heading_level: 1\n"
        files.append(File.generated(config, f"api/{room}.md", content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn links between files of the repository into links of the site."""
    at = {place: path for path, place in OUTSIDE.items()}.get(page.file.src_uri)
    source = at or f"docs/{page.file.src_uri}"
    return LINK.sub(lambda match: _link(match, source, page.file.src_uri), markdown)


def _link(match: re.Match[str], source: str, page: str) -> str:
    text, path, anchor = match[1], match[2], match[3] or ""
    target = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    if target.startswith("tiebreak/") and target.endswith(".py"):
        module = target.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        return f"[{text}][{module}]"
    place = OUTSIDE.get(target, target.removeprefix("docs/"))
    if place == target:
        return text  # no page of the site: a licence, a script
    return f"[{text}]({posixpath.relpath(place, posixpath.dirname(page) or '.')}{anchor})"


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """Refuse a page that would load something from another host."""
    found = LOADED.search(output)
    if found is not None:
        raise PluginError(f"{page.file.src_uri} would load from elsewhere: {found[0]!r}.")
    return output
