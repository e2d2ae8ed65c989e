"""One door: only `login/admit.py` opens a session or raises the level of one, whatever name it is called by."""

import ast

import pytest

from tests.house.source import Module, modules

DOOR = "login/admit.py"
BEHIND = {"coatcheck.sessions.open": "open_session", "coatcheck.sessions.raise_level": "raise_level"}


def reaches(module: Module) -> list[str]:
    """List the places where a module takes hold of what opens sessions.

    A module must import a thing before it can call it by any name: so the import counts, not the call. What reaches a
    thing by its name as a text or through another module that holds it is found by the name itself.
    """
    found = [name for name in module.imported if opens(name)]
    for node in ast.walk(module.tree):
        match node:
            case ast.Attribute(attr=name) | ast.Name(id=name) | ast.Constant(value=str(name)) if opens(name):
                found.append(f"{name} in line {node.lineno}")
    return found


def test_sessions_are_opened_by_the_door_alone() -> None:
    others = [module for module in modules() if module.path != DOOR and module.name not in BEHIND]
    assert {module.path: reaches(module) for module in others if reaches(module)} == {}


def opens(name: str) -> bool:
    """Tell whether a name is one of the modules behind the door, or of the functions in them."""
    return any(name == module or name.rpartition(".")[2] == function for module, function in BEHIND.items())


def test_the_door_itself_is_seen() -> None:
    [door] = [module for module in modules() if module.path == DOOR]
    assert {f"{room}.{function}" for room, function in BEHIND.items()} <= door.imported, (
        "it has moved: change this test"
    )


def test_refresh_tokens_are_issued_in_one_place() -> None:
    issues = "coatcheck.tokens.refresh_token.new_refresh_token"
    others = [module for module in modules() if module.path not in ("login/present.py", "tokens/refresh_token.py")]
    assert [module.path for module in others if issues in module.imported or "new_refresh_token" in module.text] == []


@pytest.mark.parametrize(
    "text",
    [
        "from coatcheck.sessions.open import open_session",
        "from coatcheck.sessions.open import open_session as begin",
        "from coatcheck.sessions import open as door",
        "import coatcheck.sessions.raise_level as up",
        "from coatcheck.login.admit import open_session",
        "from coatcheck.login import admit\nadmit.open_session()",
        "getattr(room, 'open_session')",
        "import_module('coatcheck.sessions.open')",
    ],
)
def test_a_second_caller_is_seen_under_any_name(text: str) -> None:
    assert reaches(Module("signup/confirm.py", text))
