"""The project's own source as the house rules read it: files, syntax trees, functions, and what each imports."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "coatcheck"


@dataclass(frozen=True)
class Function:
    """Hold a function, its qualified name (`Class.name`), and whether others may call it."""

    name: str
    node: ast.FunctionDef | ast.AsyncFunctionDef
    is_public: bool

    @property
    def lines(self) -> int:
        """Count its lines, signature and docstring included."""
        return (self.node.end_lineno or self.node.lineno) - self.node.lineno + 1


@dataclass
class Module:
    """Read one module of the package, by its path such as `login/admit.py`."""

    path: str
    text: str = field(repr=False)

    @cached_property
    def tree(self) -> ast.Module:
        """The module's syntax tree."""
        return ast.parse(self.text)

    @property
    def name(self) -> str:
        """The module's dotted name."""
        parts = ["coatcheck", *Path(self.path).with_suffix("").parts]
        return ".".join(part for part in parts if part != "__init__")

    @cached_property
    def functions(self) -> list[Function]:
        """Every function, methods and inner ones too."""
        return list(_functions(self.tree, "", is_public=True))

    @cached_property
    def classes(self) -> list[ast.ClassDef]:
        """Every class of the module itself."""
        return [node for node in self.tree.body if isinstance(node, ast.ClassDef)]

    @cached_property
    def imported(self) -> set[str]:
        """Dotted names of all that is imported: `from a.b import c` counts as `a.b` and as `a.b.c`."""
        names: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        return names

    def imports(self, *packages: str) -> bool:
        """Tell whether anything of a package is imported."""
        return any(name == package or name.startswith(f"{package}.") for name in self.imported for package in packages)


@lru_cache
def modules() -> tuple[Module, ...]:
    """Read every module of the package, Alembic's revisions left out."""
    paths = sorted(path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py"))
    return tuple(Module(path, (SOURCE / path).read_text("utf-8")) for path in paths if "/versions/" not in path)


def dotted(node: ast.AST) -> str:
    """Give a name such as `a.b.c` as it is written, or an empty text for anything else."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            return f"{dotted(value)}.{attr}"
    return ""


def _functions(node: ast.AST, path: str, *, is_public: bool) -> Iterator[Function]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield Function(f"{path}{name}", child, is_public and not name.startswith("_"))
                yield from _functions(child, f"{path}{name}.", is_public=False)
            case ast.ClassDef(name=name):
                yield from _functions(child, f"{path}{name}.", is_public=is_public and not name.startswith("_"))
            case _:
                yield from _functions(child, path, is_public=is_public)
