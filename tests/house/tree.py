"""The package's source as a tree of parsed modules. Nothing of the package is imported.

A name is followed to where it is defined: through imports, and through faces (a package's
``__init__``), whose names may be imported eagerly or, where they load on first use, under
``TYPE_CHECKING``.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

PACKAGE = "tiebreak"
Function = ast.FunctionDef | ast.AsyncFunctionDef
Place = tuple[str, str | None]
"""(module, name) of an import or a definition; None names the module itself."""


def is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def imported_names(statement: ast.stmt) -> dict[str, Place]:
    """What an import statement binds."""
    if isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
        return {a.asname or a.name: (statement.module, a.name) for a in statement.names}
    if isinstance(statement, ast.Import):
        return {a.asname or a.name.split(".")[0]: (_bound(a), None) for a in statement.names}
    return {}


def _bound(alias: ast.alias) -> str:
    return alias.name if alias.asname else alias.name.split(".")[0]


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


@dataclass
class Module:
    """One file. ``typing_imports`` are those under TYPE_CHECKING."""

    name: str
    path: Path
    is_package: bool
    body: ast.Module
    lines: int
    definitions: dict[str, ast.stmt] = field(default_factory=dict)
    imports: dict[str, Place] = field(default_factory=dict)
    typing_imports: dict[str, Place] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for statement in self.body.body:
            self._bind(statement, self.imports)

    def _bind(self, statement: ast.stmt, imports: dict[str, Place]) -> None:
        if is_function(statement) or isinstance(statement, ast.ClassDef):
            self.definitions[statement.name] = statement
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            for node in (n for target in targets for n in ast.walk(target)):
                if isinstance(node, ast.Name):
                    self.definitions[node.id] = statement
        elif isinstance(statement, ast.If):
            inner = self.typing_imports if is_type_checking(statement) else imports
            for one in statement.body:
                self._bind(one, inner)
            for one in statement.orelse:
                self._bind(one, imports)
        elif isinstance(statement, ast.Try):
            for one in statement.body:
                self._bind(one, imports)
        else:
            imports.update(imported_names(statement))

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the file."""
        return list(ast.walk(self.body))

    @cached_property
    def typing_nodes(self) -> set[int]:
        """The ids of the nodes that only a type checker reads."""
        blocks = [n for n in self.nodes if isinstance(n, ast.If) and is_type_checking(n)]
        return {id(n) for block in blocks for one in block.body for n in ast.walk(one)}

    def binds(self, name: str) -> bool:
        """Whether the module has a name of its own making or by import."""
        return any(name in n for n in (self.definitions, self.imports, self.typing_imports))

    @property
    def room(self) -> str:
        """The folder right under the package; of a module that stands there itself, "." ."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 2 or (self.is_package and len(parts) == 2) else "."

    @property
    def summary(self) -> str:
        """The docstring's first line."""
        text = ast.get_docstring(self.body) or ""
        return text.split("\n\n")[0].replace("\n", " ").strip()


class Tree:
    """All modules under ``ROOT/tiebreak``."""

    def __init__(self, root: Path, package: str = PACKAGE) -> None:
        self.root, self.package = root, package
        self.modules: dict[str, Module] = {}
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            is_package = parts[-1] == "__init__"
            name = ".".join(parts[:-1] if is_package else parts)
            text = path.read_text(encoding="utf-8")
            self.modules[name] = Module(
                name, path.relative_to(root), is_package, ast.parse(text), text.count("\n")
            )

    def find(self, module: str, name: str, seen: frozenset[Place] = frozenset()) -> Place | None:
        """Where *name*, as *module* has it, is defined; None if that is not in the tree."""
        if (module, name) in seen:
            return None
        at = self.modules.get(module)
        if at is not None:
            if name in at.definitions:
                return module, name
            faces = at.imports | at.typing_imports if at.is_package else at.imports
            if name in faces:
                return self.follow(faces[name], seen | {(module, name)})
        inner = f"{module}.{name}"
        return (inner, None) if inner in self.modules else None

    def follow(self, place: Place, seen: frozenset[Place] = frozenset()) -> Place | None:
        """Where an imported name is defined."""
        module, name = place
        if name is None:
            return place if module in self.modules else None
        return self.find(module, name, seen)

    def definition(self, place: Place) -> ast.stmt:
        module, name = place
        assert name is not None
        return self.modules[module].definitions[name]

    @cached_property
    def edges(self) -> dict[str, set[str]]:
        """The modules that each module imports when it runs, wherever the statement stands."""
        return {m.name: set(self._imported(m, m.typing_nodes)) for m in self.modules.values()}

    @cached_property
    def named(self) -> dict[str, set[str]]:
        """The modules that each module names in imports, for a type checker's eyes too."""
        return {m.name: set(self._imported(m, frozenset())) for m in self.modules.values()}

    def _imported(self, module: Module, skipped: Collection[int]) -> Iterator[str]:
        for node in module.nodes:
            if not isinstance(node, ast.Import | ast.ImportFrom) or id(node) in skipped:
                continue
            if isinstance(node, ast.Import):
                yield from (a.name for a in node.names if a.name in self.modules)
            elif node.module and not node.level:
                for alias in node.names:
                    target = self._target(node.module, alias.name)
                    if target in self.modules and target != module.name:
                        yield target

    def _target(self, module: str, name: str) -> str:
        """The module of ``from module import name``; a face that binds the name is meant itself."""
        inner, face = f"{module}.{name}", self.modules.get(module)
        if inner not in self.modules or (face is not None and face.binds(name)):
            return module
        return inner
