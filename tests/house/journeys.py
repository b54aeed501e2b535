"""Which files a person opens along a journey: what the named functions call, followed from source.

From each start the names in a function's code are followed to where they are defined; a file
counts once code of it is on the way. Rules, all static:

- A function, or a value at the top of a module, is followed whole. Of a class: what its body and
  its special methods name, and each further method or property whose name is used, as an
  attribute, in code that was followed (rapid type analysis: Bacon and Sweeney, 1996). A class that
  stands in an annotation is known; its file counts only once one of its methods is on the way.
- Faces that hand a name on are walked through and do not count.
- Not counted, not followed: `OUTSIDE`, the types that every room shares, errors and settings. What
  is behind a port is another journey; the default part that a setting names is a start by itself.
- Counted, not followed: `ENDS`, where parts are found by name, and a journey's own ``ends``.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from figures import annotations, functions
from tree import Module, Place, Tree, imported_names, is_function

OUTSIDE = ("tiebreak.domain", "tiebreak.errors", "tiebreak.config")
ENDS = ("tiebreak.project.wiring", "tiebreak.registry")


@dataclass(frozen=True)
class Journey:
    """``starts`` in the order of the way; ``ends`` are modules where it stops."""

    name: str
    what: str
    starts: tuple[str, ...]
    ends: tuple[str, ...] = ()


JOURNEYS = (
    Journey(
        "text → card",
        "A record is embedded, chosen by the default strategy, labelled by the agent, answered by "
        "the head, routed and queued; a visit of the desk takes its card away.",
        (
            "tiebreak.models.embed.embed_records",
            "tiebreak.loop.select.select",
            "tiebreak.learner.strategies.margin_kmeans.MarginKMeans.query",
            "tiebreak.loop.prelabel.prelabel",
            "tiebreak.models.control_arm.record_answers",
            "tiebreak.review.tasks.open_batch_tasks",
            "tiebreak.loop.routing.route_all",
            "tiebreak.review.sync.ReviewSession.sync",
        ),
    ),
    Journey(
        "answer → head",
        "A visit brings a person's answer; a head of the default kind is fitted, and the records "
        "are routed by it, which is one transaction. The cards that the visit takes are not meant.",
        (
            "tiebreak.review.sync.ReviewSession.sync",
            "tiebreak.models.train.train_head",
            "tiebreak.learner.classifiers.semi_supervised.SemiSupervised.fit",
            "tiebreak.loop.routing.route_all",
        ),
        ends=("tiebreak.review.cards",),
    ),
    Journey(
        "candidate → export",
        "A policy is frozen with its candidates, audits are drawn, certificates settled, and the "
        "labels that go out are exported.",
        (
            "tiebreak.promise.freeze.freeze_policy",
            "tiebreak.promise.audits.open_audits",
            "tiebreak.promise.settle.settle_promises",
            "tiebreak.loop.export.export_labels",
        ),
    ),
    Journey(
        "LLM reply → suggestion",
        "A request is composed and sent to a chat server; what comes back is read, and paid for.",
        (
            "tiebreak.agents.labeller.Labeller.label",
            "tiebreak.agents.backends.openai_chat.OpenAIChat.complete",
        ),
    ),
)


def files_along(tree: Tree, journey: Journey) -> list[Module]:
    """The files of a journey, in the order in which a reader comes upon them.

    Raises:
        LookupError: a start is not in the tree; it was moved or renamed.
    """
    walk = _Walk(tree, ends=ENDS + journey.ends)
    for start in journey.starts:
        walk.start(start)
    return [tree.modules[name] for name in walk.files]


@dataclass
class _Walk:
    tree: Tree
    ends: tuple[str, ...]
    files: dict[str, None] = field(default_factory=dict)
    _reached: set[Place] = field(default_factory=set)
    _classes: dict[Place, ast.ClassDef] = field(default_factory=dict)
    _followed: set[tuple[Place, str]] = field(default_factory=set)
    _attributes: set[str] = field(default_factory=set)
    _todo: deque[tuple[Module, ast.AST]] = field(default_factory=deque)

    def start(self, dotted: str) -> None:
        """Follow a function, or a method of a class."""
        owner, _, name = dotted.rpartition(".")
        if owner not in self.tree.modules:  # a class: its module is one further up
            module, _, kind = owner.rpartition(".")
            place = self.tree.find(module, kind) if module in self.tree.modules else None
            node = self.tree.definition(place) if place and place[1] else None
            if node is None or name not in {f for f, _ in _methods(node)}:
                raise LookupError(f"{dotted} is not there: say in JOURNEYS where it is now")
            self._attributes.add(name)
        else:
            place = self.tree.find(owner, name)
        if place is None or place[1] is None:
            raise LookupError(f"{dotted} is not there: say in JOURNEYS where it is now")
        self._reach(place)
        while self._todo or self._more_methods():
            self._visit(*self._todo.popleft())

    def _reach(self, place: Place) -> None:
        module, name = place
        if name is None or place in self._reached or _within(module, OUTSIDE):
            return
        self._reached.add(place)
        self.files.setdefault(module)
        if module in self.ends:
            return
        node = self.tree.definition(place)
        if not isinstance(node, ast.ClassDef):
            self._todo.append((self.tree.modules[module], node))
            return
        self._classes[place] = node
        outer = [*node.bases, *node.decorator_list]
        for part in (*outer, *(p for p in node.body if not is_function(p))):
            self._todo.append((self.tree.modules[module], part))

    def _more_methods(self) -> bool:
        """Take up methods of known classes whose names were used; whether there were any."""
        for place, node in list(self._classes.items()):
            for name, method in _methods(node):
                special = place in self._reached and name.startswith("__")
                if (place, name) in self._followed or not (special or name in self._attributes):
                    continue
                self._followed.add((place, name))
                self.files.setdefault(place[0])
                if place[0] not in self.ends:
                    self._todo.append((self.tree.modules[place[0]], method))
        return bool(self._todo)

    def _visit(self, module: Module, node: ast.AST) -> None:
        scope = _Scope(self.tree, module, node)
        for annotation in scope.annotations:
            for part in ast.walk(annotation):
                place = scope.find(part.id, typing=True) if isinstance(part, ast.Name) else None
                if place and place[1] and not _within(place[0], OUTSIDE):
                    kind = self.tree.definition(place)
                    if isinstance(kind, ast.ClassDef):
                        self._classes.setdefault(place, kind)
        for part in scope.code():
            if isinstance(part, ast.Name):
                place = scope.find(part.id)
                if place:
                    self._reach(place)
            elif isinstance(part, ast.Attribute) and not scope.is_foreign(part.value):
                base = scope.find(part.value.id) if isinstance(part.value, ast.Name) else None
                place = self.tree.find(base[0], part.attr) if base and base[1] is None else None
                if place:
                    self._reach(place)
                else:
                    self._attributes.add(part.attr)


class _Scope:
    """The names of a piece of code: its local imports, its variables, its module's names."""

    def __init__(self, tree: Tree, module: Module, node: ast.AST) -> None:
        self._tree, self._module, self._node = tree, module, node
        self._imports: dict[str, Place] = {}
        self._variables: set[str] = set()
        self.annotations: list[ast.expr] = []
        inner = [f for _, f in functions(node, "")]
        for function in [node, *inner] if is_function(node) else inner:
            self.annotations += annotations(function)
            a = function.args
            every = (*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg)
            self._variables |= {one.arg for one in every if one is not None}
        for part in ast.walk(node):
            if isinstance(part, ast.Import | ast.ImportFrom):
                self._imports |= imported_names(part)
            elif isinstance(part, ast.AnnAssign):
                self.annotations.append(part.annotation)
            if is_function(node) and isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                self._variables.add(part.id)

    def code(self) -> Iterator[ast.Name | ast.Attribute]:
        """Names and attributes that are read, those of annotations left out."""
        skip = {id(part) for annotation in self.annotations for part in ast.walk(annotation)}
        for part in ast.walk(self._node):
            if not isinstance(part, ast.Name | ast.Attribute) or id(part) in skip:
                continue
            if isinstance(part.ctx, ast.Load):
                yield part

    def find(self, name: str, *, typing: bool = False) -> Place | None:
        if name in self._imports:
            return self._tree.follow(self._imports[name])
        if name in self._variables:
            return None
        if typing and name in self._module.typing_imports:
            return self._tree.follow(self._module.typing_imports[name])
        return self._tree.find(self._module.name, name)

    def is_foreign(self, node: ast.expr) -> bool:
        """Whether it is a module of another package, such as ``np``."""
        while isinstance(node, ast.Attribute):
            node = node.value
        if not isinstance(node, ast.Name) or node.id in self._variables:
            return False
        place = self._imports.get(node.id) or self._module.imports.get(node.id)
        return place is not None and not _within(place[0], (self._tree.package,))


def _methods(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    return ((f.name, f) for f in getattr(node, "body", ()) if is_function(f))


def _within(module: str, names: tuple[str, ...]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in names)


def page(tree: Tree) -> str:
    """The page that lists each journey's files."""
    out = [
        "# Journeys",
        "",
        "Which files a person opens who follows a piece of data through the code, and in order.",
        "`python tests/house/measure.py` counts them: it follows what the named functions call, by",
        "the rules at the top of `tests/house/journeys.py`. Types of the domain, errors and",
        "settings do not count, nor does what is behind a port, except the default part. `--page`",
        "writes this page; a test holds the numbers, which may only fall. By the same rules 0.1.0",
        "had 52, 34, 33 and 13.",
    ]
    for journey in JOURNEYS:
        files = files_along(tree, journey)
        out += ["", f"## {journey.name}: {len(files)} files", "", journey.what, "", "Starts:"]
        out += ["", *(f"- `{start.removeprefix('tiebreak.')}`" for start in journey.starts)]
        out += ["", "| file | is |", "|---|---|"]
        out += [f"| `{m.path.as_posix().removeprefix('tiebreak/')}` | {m.summary} |" for m in files]
    return "\n".join(out) + "\n"
