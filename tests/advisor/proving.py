"""Runs the tests that were written with an advice, each folder in a process of its own, importing once for all.

    tests --one JSON line a folder--> this program --fork--> pytest test_advice.py
          <--its exit code-----------

What takes seconds to import is here before the first folder; the written app and its settings are not.
"""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
OUTPUT = "pytest.txt"
IMPORTED = (
    "coatcheck.testing.bound", "coatcheck.testing.machine", "coatcheck.testing.person", "coatcheck.verifier.verifier",
    "coatcheck.storage.migrate", "alembic.command", "fastapi", "httpx", "pytest", "uvicorn",
)  # fmt: skip


def prove(folder: Path) -> tuple[int, str]:
    """Run the tests of one folder; give the exit code and what they said."""
    prover = _prover()
    assert prover.stdin is not None
    assert prover.stdout is not None
    prover.stdin.write(f"{json.dumps(str(folder))}\n")
    prover.stdin.flush()
    return int(prover.stdout.readline()), (folder / OUTPUT).read_text("utf-8")


def let_go() -> None:
    """End the one that forks."""
    prover = _prover()
    prover.communicate(timeout=60)
    _prover.cache_clear()


@cache
def _prover() -> "subprocess.Popen[str]":
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("COATCHECK_", "PYTEST_"))}
    return subprocess.Popen(
        [sys.executable, __file__], env=environ, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def become(folder: str) -> int:
    """Turn this process into the tests of a folder."""
    import pytest  # noqa: PLC0415 (it is there already)

    os.chdir(folder)
    said = os.open(OUTPUT, os.O_WRONLY | os.O_CREAT, 0o600)
    for stream in (1, 2):
        os.dup2(said, stream)
    sys.path.insert(0, folder)
    alone = ["-p", "no:asyncio", "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir", folder, "-c", os.devnull]
    return int(pytest.main(["-q", *alone, "test_advice.py"]))


def serve() -> None:
    """Fork for each folder until the tests are gone."""
    for name in IMPORTED:
        __import__(name)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(become(json.loads(line)))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(f"{code}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
