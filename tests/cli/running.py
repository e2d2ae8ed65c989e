"""The command line as its users have it: real processes, in a folder of their own."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "coatcheck", *arguments],
        cwd=folder,
        input=typed,
        env={**ENVIRON, **(environ or {})},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


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
def running(command: Sequence[str], folder: Path) -> Iterator[Running]:
    """Start a Python program; it is gone at the end, however the test went."""
    log = folder / "stderr.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=folder,
            env={**ENVIRON, "PYTHONUNBUFFERED": "1"},
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
