"""Checkpoints: written whole, read back, and nothing else taken for one."""

import io
import json
import stat
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from coatcheck.audit.checkpoint import Checkpoint, emit, read_checkpoints
from coatcheck.cli.logs import log_json

ONE = Checkpoint(1, "01" * 32, 1_800_000_000_000)
TWO = Checkpoint(2, "02" * 32, 1_800_000_060_000)


async def test_file_reads_back_and_log_says_the_same(tmp_path: Path) -> None:
    file = tmp_path / "checkpoints.jsonl"
    with capture_logs() as logs:
        assert await emit(ONE, str(file))
        assert await emit(TWO, str(file))
    assert read_checkpoints(file) == [ONE, TWO]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [(line["event"], line["number"], line["mac"]) for line in logs] == [
        ("audit.checkpoint", 1, ONE.mac), ("audit.checkpoint", 2, TWO.mac),
    ]  # fmt: skip


async def test_a_line_of_the_log_is_as_good_as_one_of_the_file(tmp_path: Path) -> None:
    """Who keeps no file greps the log for `audit.checkpoint`."""
    log, earlier = io.StringIO(), structlog.get_config()
    log_json("info", log)
    try:
        await emit(ONE, None)
    finally:
        structlog.configure(**earlier)
    assert json.loads(log.getvalue()).keys() >= {"at", "level", "event", "number", "mac"}
    (tmp_path / "grepped.jsonl").write_text(log.getvalue())
    assert read_checkpoints(tmp_path / "grepped.jsonl") == [ONE]


async def test_line_cut_off_spoils_no_other(tmp_path: Path) -> None:
    file = tmp_path / "checkpoints.jsonl"
    await emit(ONE, str(file))
    with file.open("a") as damaged:
        damaged.write(TWO.line()[:40])
    await emit(TWO, str(file))
    assert read_checkpoints(file) == [ONE, TWO]


async def test_unwritable_file_is_told(tmp_path: Path) -> None:
    with capture_logs() as logs:
        assert not await emit(ONE, str(tmp_path / "missing" / "file"))
    assert logs[1]["event"] == "audit.checkpoint_not_written"


@pytest.mark.parametrize(
    "line",
    [
        '{"number": 1}',
        '{"number": "1", "mac": "%s", "at": "2027-01-15T08:00:00Z"}' % ("01" * 32),
        '{"number": 1, "mac": "01", "at": "2027-01-15T08:00:00Z"}',
        '{"number": 1, "mac": "%s", "at": "2027-01-15T08:00:00"}' % ("01" * 32),
        '{"number": 1, "mac": "%s", "at": 1}' % ("01" * 32),
        "[]}",
    ],
)
def test_anything_else_is_refused(tmp_path: Path, line: str) -> None:
    file = tmp_path / "checkpoints.jsonl"
    file.write_text(ONE.line() + line + "\n")
    with pytest.raises(ValueError, match="line 2 is no checkpoint"):
        read_checkpoints(file)
