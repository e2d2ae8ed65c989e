"""The command line as its users have it: real processes, in a folder of their own."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from queue import Empty, Queue

ROOT = Path(__file__).parents[2]
PATIENCE = 60
"""Seconds until something counts as hanging."""

# Nothing of the machine's own settings may reach a command under test.
ENVIRON = {name: value for name, value in os.environ.items() if not name.startswith(("COATCHECK_", "_COATCHECK"))}


def coatcheck(
    *arguments: str, folder: Path, typed: str = "", environ: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in a process of its own."""
    with tempfile.TemporaryDirectory() as place:
        files = [Path(place, name) for name in ("in", "out", "err")]
        files[0].write_text(typed)
        whole = {**ENVIRON, **(environ or {})}
        order = {
            "arguments": arguments,
            "folder": str(folder),
            "environ": whole,
            "files": [str(file) for file in files],
        }
        code = _tell(json.dumps(order))
        return subprocess.CompletedProcess(arguments, code, files[1].read_text(), files[2].read_text())


@cache
def _forker() -> subprocess.Popen[str]:
    """Start the one that forks; it ends when its standard input does, so with the tests."""
    command = [sys.executable, str(Path(__file__).parent / "forking.py")]
    return subprocess.Popen(
        command, cwd=ROOT, env=ENVIRON, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )


def _tell(order: str) -> int:
    forker = _forker()
    assert forker.stdin is not None
    assert forker.stdout is not None
    forker.stdin.write(order + "\n")
    forker.stdin.flush()
    return int(forker.stdout.readline())


def let_go() -> None:
    """End the one that forks."""
    forker = _forker()
    assert forker.stdin is not None
    assert forker.stdout is not None
    forker.stdin.close()
    forker.wait(timeout=PATIENCE)
    forker.stdout.close()
    _forker.cache_clear()


@dataclass
class Running:
    """A process that goes on until it is stopped; its standard output is read line by line."""

    process: subprocess.Popen[str]
    lines: "Queue[str]"
    log: Path

    def until(self, text: str) -> str:
        """Give the output up to and with the line that has a text in it.

        Raises:
            AssertionError: the process ended before, or took too long.
        """
        seen = ""
        while text not in seen:
            try:
                line = self.lines.get(timeout=PATIENCE)
            except Empty:
                raise AssertionError(f"no {text!r} in time after {seen!r}") from None
            assert line, f"ended without {text!r}: {seen} {self.log.read_text()}"
            seen += line
        return seen

    def interrupt(self) -> int:
        """Send what Ctrl-C sends, and give the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=PATIENCE)


@contextmanager
def running(command: Sequence[str], folder: Path, environ: dict[str, str] | None = None) -> Iterator[Running]:
    """Start a Python program; it is gone at the end, however the test went."""
    log = folder / "stderr.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=folder,
            env={**ENVIRON, "PYTHONUNBUFFERED": "1", **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    lines: Queue[str] = Queue()
    reader = threading.Thread(target=_read, args=(process, lines), daemon=True)
    reader.start()
    try:
        yield Running(process, lines, log)
    finally:
        if process.poll() is None:
            process.terminate()  # the parent ends its workers
            process.wait(timeout=PATIENCE)
        reader.join(timeout=PATIENCE)
        if process.stdout:
            process.stdout.close()


def _read(process: subprocess.Popen[str], lines: "Queue[str]") -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line)
    lines.put("")
