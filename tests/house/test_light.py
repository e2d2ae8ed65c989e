"""The base install stays light: the verifier and the integrations bring in no database and no password hashing."""

import subprocess
import sys
from pathlib import Path

import pytest

from coatcheck.settings.master_key import make_key_file
from tests.house.source import SOURCE, modules
from tests.ready import ready_file

HEAVY = (
    "sqlalchemy",
    "alembic",
    "argon2",
    "jinja2",
    "aiosqlite",
    "asyncpg",
    "redis",
    "aiosmtplib",
    "structlog",
    "typer",
)
ASKS_PROVIDERS = ("httpcore", "httpx", "dns", "lxml", "signxml", "cryptography.x509")
OURS_THAT_ASKS_PROVIDERS = (
    "coatcheck.upstream.entries.entry",
    "coatcheck.upstream.of_settings",
    "coatcheck.upstream.oauth",
    "coatcheck.upstream.saml.configured",
    "coatcheck.upstream.saml.identify",
    "coatcheck.upstream.calls",
)
HEAVY_BUT_JINJA = tuple(name for name in HEAVY if name != "jinja2")  # Flask and Litestar bring it themselves
FRAMEWORKS = ("starlette", "fastapi", "pydantic", "litestar", "flask", "django")
SCRIPT = """
import sys
import {module}
print(*[name for name in {heavy} if name in sys.modules])
"""

START = """
import asyncio, sys
from coatcheck.server.coatcheck import Coatcheck

async def start():
    auth = Coatcheck({url!r}, secret=dict(master_key_file={key!r}))
    async with auth.lifespan():
        print("started", *[name for name in {heavy} if name in sys.modules])

asyncio.run(start())
"""
COLLECTIONS = """
import gc
import coatcheck
gc.collect()
seen = []
gc.callbacks.append(lambda phase, info: seen.append(phase))
coatcheck.Coatcheck
gc.callbacks.clear()
print(seen.count("start"), gc.isenabled(), gc.get_freeze_count() > 50_000)
"""


def others(*own: str) -> tuple[str, ...]:
    """Name the frameworks that another framework's integration must not bring in."""
    return tuple(name for name in FRAMEWORKS if name not in own)


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("coatcheck", (*HEAVY, "starlette", "fastapi", "pydantic")),
        ("coatcheck.verifier", (*HEAVY, "starlette", "fastapi", "pydantic")),
        ("coatcheck.verifier.answer", (*HEAVY, "starlette", "fastapi", "pydantic")),
        ("coatcheck.testing.providers", (*HEAVY, *others())),
        ("coatcheck.integrations.asgi", (*HEAVY, *others())),
        ("coatcheck.integrations.django", (*HEAVY, *others("django"))),
        ("coatcheck.integrations.events", (*HEAVY, *others("starlette"))),
        ("coatcheck.integrations.fastapi", (*HEAVY, *others("starlette", "fastapi", "pydantic"))),
        ("coatcheck.integrations.flask", (*HEAVY_BUT_JINJA, *others("flask"))),
        ("coatcheck.integrations.litestar", (*HEAVY_BUT_JINJA, *others("litestar", "pydantic"))),
        ("coatcheck.integrations.sockets", (*HEAVY, *others("starlette"))),
        ("coatcheck.integrations.starlette", (*HEAVY, *others("starlette"))),
        ("coatcheck.integrations.running", (*HEAVY, *others())),
        ("coatcheck.integrations.watch", (*HEAVY, *others())),
        ("coatcheck.integrations.wsgi", (*HEAVY, *others())),
    ],
)
def test_importing_brings_in_nothing_heavy(module: str, heavy: tuple[str, ...]) -> None:
    script = SCRIPT.format(module=module, heavy=heavy)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == []


@pytest.mark.parametrize(
    ("module", "heavy"),
    [("coatcheck.server.coatcheck", (*ASKS_PROVIDERS, *OURS_THAT_ASKS_PROVIDERS)), ("coatcheck.cli", ASKS_PROVIDERS)],
)
def test_what_asks_providers_is_loaded_when_one_is_asked(module: str, heavy: tuple[str, ...]) -> None:
    script = SCRIPT.format(module=module, heavy=heavy)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == []


def test_a_site_without_providers_starts_without_it(tmp_path: Path) -> None:
    """Settings may lead to what an import alone does not."""
    ready_file(tmp_path / "site.db")
    make_key_file(tmp_path / "master.key")
    script = START.format(
        url=f"sqlite:///{tmp_path / 'site.db'}",
        key=str(tmp_path / "master.key"),
        heavy=(*ASKS_PROVIDERS, *OURS_THAT_ASKS_PROVIDERS),
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["started"]


def test_the_garbage_collector_waits_while_the_whole_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", COLLECTIONS], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() in (["0", "True", "True"], ["1", "True", "True"])  # one is due as soon as it may


def test_the_garbage_collector_stays_as_it_was_set() -> None:
    script = COLLECTIONS.replace("import gc\n", "import gc\ngc.disable()\n", 1)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["0", "False", "True"]


def test_records_are_structs() -> None:
    made_slowly = [each.path for each in modules() if each.imports("dataclasses")]
    assert [path for path in made_slowly if not path.startswith("testing/")] == [], "decision 0033 says why"


def test_every_integration_is_here() -> None:
    [tried] = test_importing_brings_in_nothing_heavy.pytestmark  # type: ignore[attr-defined]
    modules = {f"coatcheck.integrations.{path.stem}" for path in (SOURCE / "integrations").glob("[a-z]*.py")}
    assert modules <= {module for module, _heavy in tried.args[1]}


def test_the_whole_does_bring_them_in() -> None:
    script = SCRIPT.format(module="coatcheck.server.coatcheck", heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert {"sqlalchemy", "argon2", "structlog"} <= set(done.stdout.split())
