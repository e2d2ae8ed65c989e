"""The base install stays light: the verifier and the integrations bring in no database and no password hashing."""

import subprocess
import sys

import pytest

from tests.house.source import SOURCE

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
HEAVY_BUT_JINJA = tuple(name for name in HEAVY if name != "jinja2")  # Flask and Litestar bring it themselves
FRAMEWORKS = ("starlette", "fastapi", "pydantic", "litestar", "flask", "django")
SCRIPT = """
import sys
import {module}
print(*[name for name in {heavy} if name in sys.modules])
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


def test_every_integration_is_here() -> None:
    [tried] = test_importing_brings_in_nothing_heavy.pytestmark  # type: ignore[attr-defined]
    modules = {f"coatcheck.integrations.{path.stem}" for path in (SOURCE / "integrations").glob("[a-z]*.py")}
    assert modules <= {module for module, _heavy in tried.args[1]}


def test_the_whole_does_bring_them_in() -> None:
    script = SCRIPT.format(module="coatcheck.server.coatcheck", heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert {"sqlalchemy", "argon2", "structlog"} <= set(done.stdout.split())
