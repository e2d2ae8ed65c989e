"""Checkpoints: where the chain's head was at a time, told to places that a change of the database does not reach."""

import asyncio
import json
import os
from pathlib import Path

import structlog
from msgspec import Struct

from coatcheck.clock import Instant, parse_rfc3339, rfc3339

_log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Checkpoint(Struct, frozen=True):
    """Say that at a time the chain's last number had this MAC.

    Args:
        number: how many rows had been sealed.
        mac: the last one's MAC, in hex.
        at: when; lines say it to the second.
    """

    number: int
    mac: str
    at: Instant

    def line(self) -> str:
        """Write it as one line of JSON."""
        return json.dumps({"number": self.number, "mac": self.mac, "at": rfc3339(self.at)}) + "\n"


async def emit(checkpoint: Checkpoint, file: str | None) -> bool:
    """Send a checkpoint to the log and append it durably to the file, if there is one; tell whether that worked."""
    _log.info("audit.checkpoint", number=checkpoint.number, mac=checkpoint.mac, at=rfc3339(checkpoint.at))
    try:
        if file is not None:
            await asyncio.to_thread(_append, Path(file), checkpoint.line())
    except OSError as error:
        _log.error("audit.checkpoint_not_written", file=file, because=error.strerror)
        return False
    return True


def read_checkpoints(path: Path) -> list[Checkpoint]:
    """Read a file of checkpoints; a line that was cut off by a crash or a full disk is left out.

    Raises:
        OSError: the file cannot be read.
        ValueError: a line is no checkpoint; the message has its number.
    """
    lines = path.read_text(encoding="utf-8").split("\n")
    return [_parse(line, place) for place, line in enumerate(lines, start=1) if line.endswith("}")]


def _append(path: Path, line: str) -> None:
    # O_APPEND: several workers may write one file, and nobody's line lands in another's.
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        # It begins with a line break, so that it stands alone also after one that was cut off.
        os.write(descriptor, f"\n{line}".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _parse(line: str, place: int) -> Checkpoint:
    try:
        found = json.loads(line)
        checkpoint = Checkpoint(found["number"], bytes.fromhex(found["mac"]).hex(), parse_rfc3339(found["at"]))
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"line {place} is no checkpoint") from None
    if type(checkpoint.number) is not int or len(checkpoint.mac) != 64:
        raise ValueError(f"line {place} is no checkpoint")
    return checkpoint
