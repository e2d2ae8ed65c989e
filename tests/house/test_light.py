"""The base install stays light: the verifier and the integrations bring in no database and no password hashing."""

import subprocess
import sys

import pytest

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
SCRIPT = """
import sys
import {module}
print(*[name for name in {heavy} if name in sys.modules])
"""


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("coatcheck", (*HEAVY, "starlette", "fastapi", "pydantic")),
        ("coatcheck.verifier", (*HEAVY, "starlette", "fastapi", "pydantic")),
        ("coatcheck.integrations.starlette", (*HEAVY, "fastapi", "pydantic")),
        ("coatcheck.integrations.fastapi", HEAVY),
    ],
)
def test_importing_brings_in_nothing_heavy(module: str, heavy: tuple[str, ...]) -> None:
    script = SCRIPT.format(module=module, heavy=heavy)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == []


def test_the_whole_does_bring_them_in() -> None:
    script = SCRIPT.format(module="coatcheck.server.coatcheck", heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert {"sqlalchemy", "argon2", "jinja2"} <= set(done.stdout.split())
