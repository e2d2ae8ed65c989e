"""Who asks is learnt in one way: routes of ours by `gate/request.py`, which refuses what has no session."""

import ast

import pytest

from tests.house.source import Module, modules

ASK = "coatcheck.gate.authenticate.authenticate"
MAY_ASK = {
    "gate/request.py": "principal_of and service_of, which every route asks by",
    "server/coatcheck.py": "for the app's own routes, whose owner decides what a key may",
    "server/confirm_first.py": "whose form is kept for a step-up: a session's, or none is kept",
    "server/session_answer.py": "says who one is, which a key may be told",
    "gateway/verify.py": "for the services behind a proxy",
    "issuer/routes.py": "looks again whether the service that streams still may; `service_of` has let it in",
}
CHECKS_KEYS = {"gate/authenticate.py", "gateway/verify.py", "issuer/introspect.py"}


def asks(module: Module) -> bool:
    """Tell whether a module takes hold of what checks every kind of credential."""
    return ASK in module.imported


def test_routes_ask_by_the_gate() -> None:
    found = {module.path for module in modules() if asks(module) and module.path != "gate/authenticate.py"}
    assert found == MAY_ASK.keys(), "ask by principal_of or service_of: they refuse keys and tokens without a session"


def test_keys_are_checked_in_three_places() -> None:
    check = "coatcheck.gate.api_key.check_api_key"
    assert {module.path for module in modules() if check in module.imported} == CHECKS_KEYS


@pytest.mark.parametrize("name", ["principal_of", "service_of"])
def test_both_refuse_what_has_no_session(name: str) -> None:
    [module] = [module for module in modules() if module.path == "gate/request.py"]
    [function] = [node for node in module.tree.body if isinstance(node, ast.AsyncFunctionDef) and node.name == name]
    assert "principal.session is " in ast.unparse(function)
