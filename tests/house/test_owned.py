"""Time, chance and the environment are arguments: one file owns each of them, and nothing is imported half-way."""

import ast

import pytest

from tests.house.source import ROOT, Module, dotted, modules

NUMBERS = (
    "No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve", "Thirteen",
    "Fourteen", "Fifteen", "Sixteen", "Seventeen",
)  # fmt: skip

OWNER_OF = {
    "time.time": "clock.py",
    "time.time_ns": "clock.py",
    "time.monotonic": "clock.py",
    "time.monotonic_ns": "clock.py",
    "time.perf_counter": "clock.py",
    "time.localtime": "clock.py",
    "datetime.datetime.now": "clock.py",
    "datetime.datetime.utcnow": "clock.py",
    "datetime.datetime.today": "clock.py",
    "datetime.date.today": "clock.py",
    "random": "secret.py",
    "secrets": "secret.py",
    "uuid": "secret.py",
    "os.urandom": "secret.py",
    "os.getrandom": "secret.py",
    "os.environ": "settings/read.py",
    "os.environb": "settings/read.py",
    "os.getenv": "settings/read.py",
    "os.putenv": "settings/read.py",
}
LOADED_LATE = {
    "__init__.py": "`Coatcheck` is loaded when it is first asked for, so that the verifier stays light",
    "http/pages.py": "a worker that answers calls fills no template, and Jinja takes memory",
    "verifier/ed25519.py": "few keys are of this kind, and libsodium takes memory",
    "verifier/__init__.py": "the HTTP client of `Verifier` takes half a second and 20 MB, and the server needs none",
    "desk/ephemeral/opening.py": "most sites have no Valkey, and its client takes memory and time to import",
    "mfa/qr.py": "few requests draw a QR code, and a worker that draws none needs no memory for it",
    "storage/prepared.py": "of the two databases' dialects a process needs one",
    "desk/outbox.py": "without a mail server its client is not needed",
    "passwords/choose.py": "leaked passwords are looked up only where that is set, and the HTTP client takes memory",
    "passkeys/verify.py": "most workers never meet a passkey, and what checks one takes memory and time to import",
    "upstream/calls.py": "a site without providers asks none, and the HTTP client takes memory and time to import",
    "cli/doctor.py": "one command reads certificates, another asks a server, and what does takes long to import",
    "cli/provider.py": "one command asks the DNS, and what asks it takes a fifth of a second to import",
    "upstream/when_asked.py": "most sites have no provider, or none of the other protocol, and pay nothing for either",
    "upstream/saml/read.py": "a site without SAML needs no lxml and no signxml, which take memory and time to import",
    "server/operations.py": "few workers are scraped, and Prometheus's client takes memory",
    "storage/migrate.py": "a database that is up to date needs no Alembic, which takes memory and time to import",
}


def test_time_chance_and_environment_are_read_by_their_owners() -> None:
    assert [f"{each.path}: {name}" for each in modules() for name in used(each) if OWNER_OF[name] != each.path] == []


def test_nothing_is_imported_inside_a_function() -> None:
    late = {module.path for module in modules() if imports_late(module)}
    assert late == LOADED_LATE.keys()


def test_the_page_counts_them() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    assert f"- {NUMBERS[len(LOADED_LATE)]} modules load something when it is first needed" in page


@pytest.mark.parametrize(
    "text",
    [
        "import time\nnow = time.time()",
        "import time as t\nnow = t.monotonic()",
        "from time import monotonic as m",
        "from datetime import datetime\ndatetime.now()",
        "import datetime\ndatetime.datetime.now()",
        "from secrets import token_hex",
        "import os\nos.environ['A']",
        "from os import environ",
        "import random",
    ],
)
def test_every_spelling_is_seen(text: str) -> None:
    assert used(Module("login/admit.py", text))


@pytest.mark.parametrize(
    "text",
    [
        "def load():\n    import json",
        "def load():\n    from json import loads",
        "def load():\n    return importlib.import_module('json')",
        "def load():\n    return import_module('json')",
        "json = __import__('json')",
    ],
)
def test_every_late_import_is_seen(text: str) -> None:
    assert imports_late(Module("login/admit.py", text))


def imports_late(module: Module) -> bool:
    """Tell whether a module imports anything inside a function, or by its name as a text."""
    inside = [
        node
        for function in module.functions
        for node in ast.walk(function.node)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]
    calls = [dotted(node.func).rpartition(".")[2] for node in ast.walk(module.tree) if isinstance(node, ast.Call)]
    return bool(inside) or not {"import_module", "__import__"}.isdisjoint(calls)


def used(module: Module) -> list[str]:
    """List what a module reads of what has an owner, whatever it calls it."""
    full = _full_names(module.tree)
    names = {*module.imported}
    for node in ast.walk(module.tree):
        first, dot, rest = dotted(node).partition(".")
        if first in full:
            names.add(full[first] + dot + rest)
    return [owned for owned in OWNER_OF if any(name == owned or name.startswith(f"{owned}.") for name in names)]


def _full_names(tree: ast.Module) -> dict[str, str]:
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                names |= {alias.asname or alias.name.split(".")[0]: alias.name for alias in aliases if alias.asname}
                names |= {alias.name.split(".")[0]: alias.name.split(".")[0] for alias in aliases if not alias.asname}
            case ast.ImportFrom(module=str(module), names=aliases):
                names |= {alias.asname or alias.name: f"{module}.{alias.name}" for alias in aliases}
    return names
