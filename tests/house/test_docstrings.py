"""Words where they are needed: every module says where it stands, every public thing what it does and may raise."""

import ast
from collections.abc import Iterator
from functools import lru_cache

from tests.house.source import Function, dotted, modules

ROUTE_DECORATORS = {"get", "post", "put", "patch", "delete"}
COMMAND_DECORATORS = {"command", "callback"}
DESCRIBES_A_VALUE = {"property", "cached_property"}
NOT_IMPERATIVE = {"Returns", "Gets", "Sets", "Creates", "Gives", "Checks", "Tells", "Makes", "This", "The", "A", "An"}


def test_a_module_says_where_it_stands() -> None:
    assert [each.path for each in modules() if not is_sentence(ast.get_docstring(each.tree))] == []


def test_public_functions_say_what_they_do() -> None:
    assert [place for place, each in public_functions() if not is_sentence(ast.get_docstring(each.node))] == []


def test_what_a_function_does_is_told_to_it() -> None:
    functions = [(place, each) for place, each in public_functions() if not decorators(each) & DESCRIBES_A_VALUE]
    assert [place for place, each in functions if words_of(each).split()[0] in NOT_IMPERATIVE] == []


def test_public_classes_say_what_they_are_for() -> None:
    public = [(each.path, node) for each in modules() for node in each.classes if not node.name.startswith("_")]
    assert [f"{path}: {node.name}" for path, node in public if not is_sentence(ast.get_docstring(node))] == []


def test_what_is_raised_is_told() -> None:
    silent = [
        f"{place} raises {error}"
        for place, each in public_functions()
        for error in raised(each)
        if f" {error}: " not in words_of(each).partition("Raises:")[2] and not speaks_to_users(each)
    ]
    assert silent == []


def is_sentence(words: str | None) -> bool:
    """Tell whether a docstring opens with a whole sentence."""
    return (words or "").split("\n\n")[0].rstrip().endswith((".", "?", ":"))


def public_functions() -> Iterator[tuple[str, Function]]:
    """Give every function that others may call, with its place."""
    for module in modules():
        for function in module.functions:
            if function.is_public:
                yield f"{module.path}: {function.name}", function


def words_of(function: Function) -> str:
    """Give a function's docstring."""
    return ast.get_docstring(function.node) or ""


def speaks_to_users(function: Function) -> bool:
    """Tell whether a function answers a call of the JSON API, or is a command.

    A call's words are the OpenAPI document's, and its refusals stand in `responses=problems(...)`; a command's words
    are its help.
    """
    return bool(decorators(function) & (ROUTE_DECORATORS | COMMAND_DECORATORS))


def decorators(function: Function) -> set[str]:
    """Give the last names of a function's decorators."""
    calls = [node.func if isinstance(node, ast.Call) else node for node in function.node.decorator_list]
    return {dotted(call).rsplit(".", 1)[-1] for call in calls}


def raised(function: Function) -> set[str]:
    """Give the public errors of our own that a function raises itself; those of inner functions are not its own."""
    names = set()
    for node in own_nodes(function.node):
        if isinstance(node, ast.Raise) and node.exc is not None:
            made = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            names.add(dotted(made).rsplit(".", 1)[-1])
    return names & {name for name in our_classes() if not name.startswith("_")}


@lru_cache
def our_classes() -> set[str]:
    """Give the names of all classes of the package."""
    return {node.name for module in modules() for node in module.classes}


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a function without the functions inside it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield child
            yield from own_nodes(child)
