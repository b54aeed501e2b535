"""Figures of the house, each read from the source alone."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache

from tree import Function, Module, Tree, is_function
from words import ALLOWED, BANNED, BANNED_PREFIXES, TERMS

CONVENTIONS = frozenset({"create", "register", "main"})
"""Names that plug-ins and commands share on purpose."""
VOCABULARY = frozenset({"domain", "."})
"""The domain's modules are the words that all rooms share: each is its own face."""
BIG, SMALL = 300, 60
UNTYPED = re.compile(r"\b(?:dict|Mapping|MutableMapping)\[str, Any\]")

JSON_EDGES = {
    "tiebreak.agents.backends.embedded_server": "options of another process, as JSON",
    "tiebreak.agents.backends.openai_chat": "the body of an HTTP request",
    "tiebreak.agents.backends.recorded": "rows of a JSON lines file",
    "tiebreak.agents.labelling.composing": "the JSON schema of an answer",
    "tiebreak.agents.labelling.parsing": "a model's answer as it came",
    "tiebreak.cli.data": "rows of JSON from standard input",
    "tiebreak.config": "TOML as it was read",
    "tiebreak.domain.ports.store": "payloads of the log of steps, which is JSON",
    "tiebreak.files": "cells of a file whose columns are the user's",
    "tiebreak.project.init": "tables of the settings file",
    "tiebreak.store.backup": "the manifest of an archive, JSON",
    "tiebreak.store.memory.notes": "payloads of the log of steps, which is JSON",
    "tiebreak.store.sql": "rows of tables, and payloads of the log of steps",
    "tiebreak.ui.server.app._theme": "options that Streamlit reads from JSON",
    "tiebreak.ui.server.app.config": "keyword arguments of the server library",
    "tiebreak.ui.server.wire": "what goes over the wire to the card",
}
"""Modules and functions where a mapping is what crosses; each with its reason. May only shrink."""


def lines(tree: Tree) -> int:
    """Lines of all modules."""
    return sum(module.lines for module in tree.modules.values())


def lines_by_room(tree: Tree) -> dict[str, int]:
    """Lines by top-level folder, most first."""
    count: Counter[str] = Counter()
    for module in tree.modules.values():
        count[module.room] += module.lines
    return dict(count.most_common())


def biggest_share(tree: Tree) -> tuple[str, float]:
    """The biggest top-level folder and its share of the lines."""
    rooms = {room: n for room, n in lines_by_room(tree).items() if room != "."}
    room = next(iter(rooms))
    return room, rooms[room] / lines(tree)


def circles(tree: Tree) -> list[list[str]]:
    """Modules that import each other when they run."""
    return _components(tree.edges)


def circles_of_types(tree: Tree) -> list[list[str]]:
    """Modules that import each other, what only a type checker reads included."""
    return _components(tree.named)


def circles_of_folders(tree: Tree) -> list[list[str]]:
    """Sibling folders and modules, a folder among them, that import each other when they run."""
    circles: list[list[str]] = []
    for package in (m.name for m in tree.modules.values() if m.is_package):
        edges: dict[str, set[str]] = defaultdict(set)
        for name, others in tree.edges.items():
            for one, other in ((_child(package, name), _child(package, o)) for o in others):
                if one and other and one != other:
                    edges[one].add(other)
        circles += [c for c in _components(edges) if any(tree.modules[n].is_package for n in c)]
    return circles


def _child(package: str, name: str) -> str | None:
    """What stands directly in *package* on the way to a module."""
    if not name.startswith(f"{package}."):
        return None
    return f"{package}.{name.removeprefix(f'{package}.').split('.')[0]}"


def _components(edges: Mapping[str, Collection[str]]) -> list[list[str]]:
    """Strongly connected components of two or more nodes (Tarjan, 1972)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    components: list[list[str]] = []

    def visit(name: str) -> None:
        order[name] = low[name] = len(order)
        stack.append(name)
        for other in sorted(edges.get(name, ())):
            if other not in order:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], order[other])
        if low[name] == order[name]:
            at = stack.index(name)
            component = stack[at:]
            del stack[at:]
            if len(component) > 1:
                components.append(sorted(component))

    for name in list(edges):
        if name not in order:
            visit(name)
    return sorted(components)


def names_defined_twice(tree: Tree) -> dict[str, list[str]]:
    """Public top-level classes and functions with the modules that define them, two or more."""
    homes: dict[str, list[str]] = defaultdict(list)
    for module in tree.modules.values():
        for statement in module.body.body:
            if is_function(statement) or isinstance(statement, ast.ClassDef):
                homes[statement.name].append(module.name)
    return {
        name: where
        for name, where in sorted(homes.items())
        if len(set(where)) > 1 and not name.startswith("_") and name not in CONVENTIONS
    }


def untyped_signatures(tree: Tree) -> Counter[str]:
    """``dict[str, Any]`` and its like among parameters and results, by function, edges left out."""
    counts: Counter[str] = Counter()
    for name, count in _untyped(tree):
        if not any(name == edge or name.startswith(f"{edge}.") for edge in JSON_EDGES):
            counts[name] += count
    return counts


def unused_edges(tree: Tree) -> list[str]:
    """Entries of JSON_EDGES that excuse nothing any more."""
    names = [name for name, _ in _untyped(tree)]
    return [e for e in JSON_EDGES if not any(n == e or n.startswith(f"{e}.") for n in names)]


def _untyped(tree: Tree) -> Iterator[tuple[str, int]]:
    for module in tree.modules.values():
        for name, function in functions(module.body, module.name):
            count = sum(len(UNTYPED.findall(ast.unparse(a))) for a in annotations(function))
            if count:
                yield name, count


def functions(node: ast.AST, where: str) -> Iterator[tuple[str, Function]]:
    """Every function under *node* with its dotted name."""
    for child in ast.iter_child_nodes(node):
        inner = where
        if is_function(child) or isinstance(child, ast.ClassDef):
            inner = f"{where}.{child.name}"
            if is_function(child):
                yield inner, child
        yield from functions(child, inner)


def annotations(function: Function) -> Iterator[ast.expr]:
    """Of the parameters and the result."""
    a = function.args
    for one in (*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg):
        if one is not None and one.annotation is not None:
            yield one.annotation
    if function.returns is not None:
        yield function.returns


def big_modules(tree: Tree) -> dict[str, int]:
    """Modules over 300 lines."""
    return {m.name: m.lines for m in tree.modules.values() if m.lines > BIG}


def small_modules(tree: Tree) -> dict[str, str]:
    """Modules of at most 60 lines that one other module alone imports, with that module.

    Faces and what is found by name only (no module imports it) are not meant.
    """
    users: dict[str, set[str]] = defaultdict(set)
    for module in tree.modules.values():
        for other in tree.named[module.name]:
            users[other].add(module.name)
    return {
        m.name: next(iter(users[m.name]))
        for m in tree.modules.values()
        if not m.is_package and m.lines <= SMALL and len(users[m.name]) == 1
    }


def past_faces(tree: Tree) -> dict[str, int]:
    """By room: pairs of a module elsewhere and a module inside that it imports past the face."""
    count: Counter[str] = Counter()
    for module in tree.modules.values():
        for other in map(tree.modules.__getitem__, tree.named[module.name]):
            elsewhere = other.room not in VOCABULARY | {module.room}
            if elsewhere and other.name.count(".") > 1 and not _is_open(other):
                count[other.room] += 1
    return dict(sorted(count.items()))


OPEN = {
    "tiebreak.project.wiring": "the one place that builds parts, read under its name",
    "tiebreak.models.head_selection": "two constants beside each other, read under its name",
    "tiebreak.assurance.ladder": "formulas, whose short names are read under the module's",
    "tiebreak.assurance.stream": "likewise",
    "tiebreak.learner.heads": "read and write of heads, under the module's name",
    "tiebreak.learner.drift.two_sample": "tests by name",
}
"""Modules that others may import as modules, with the reason."""


def _is_open(module: Module) -> bool:
    """Whether it is a face by itself, or stands in `OPEN`."""
    return module.is_package or module.name in OPEN


@lru_cache(maxsize=1)
def identifiers(tree: Tree) -> dict[str, Counter[str]]:
    """How often each identifier stands in the code, by room: names, parameters, attributes."""
    count: dict[str, Counter[str]] = defaultdict(Counter)
    for module in tree.modules.values():
        count[module.room].update(_identifiers(module))
    return count


def _identifiers(module: Module) -> Iterator[str]:
    for node in module.nodes:
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.arg | ast.keyword):
            yield node.arg or ""
        elif is_function(node) or isinstance(node, ast.ClassDef):
            yield node.name


def banned(tree: Tree) -> dict[str, Counter[str]]:
    """The identifiers of the ban list, by room."""
    return {
        room: Counter({i: n for i, n in count.items() if is_banned(i)})
        for room, count in sorted(identifiers(tree).items())
    }


def is_banned(identifier: str) -> bool:
    bare = identifier.strip("_")
    return bare in BANNED or (bare.startswith(BANNED_PREFIXES) and bare not in ALLOWED)


def findable_terms(tree: Tree) -> list[str]:
    """The field's terms that lead to exactly one file: a module or a folder has the name."""
    files = Counter(name.rsplit(".", 1)[-1] for name in tree.modules)
    return [term for term in TERMS if files[term.replace(" ", "_")] == 1]
