"""The master key is found, or made once beside an SQLite database, and no file of it is open to others."""

import asyncio
import base64
import os
import stat
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest
from msgspec.structs import replace

from coatcheck.errors import ConfigurationError
from coatcheck.settings import DatabaseSettings, SecretSettings, Settings
from coatcheck.settings.master_key import load_key_ring, make_key_file, new_master_key

KEY, OLDER = bytes(range(32)), bytes(32)


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _settings(url: str = "sqlite:///app.db", **secret: object) -> Settings:
    return replace(Settings(), database=DatabaseSettings(url=url), secret=SecretSettings(**secret))  # type: ignore[arg-type]


def _file(path: Path, text: str, mode: int = 0o600) -> str:
    path.write_text(text)
    path.chmod(mode)
    return path.name


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def _wrong(settings: Settings, base: Path) -> str:
    with pytest.raises(ConfigurationError) as wrong:
        load_key_ring(settings, base)
    return str(wrong.value)


def test_the_key_in_the_settings_goes_before_the_file(tmp_path: Path) -> None:
    name = _file(tmp_path / "master.key", _text(OLDER))
    assert load_key_ring(_settings(master_key=_text(KEY), master_key_file=name), tmp_path).masters == (KEY,)


@pytest.mark.parametrize("written", [_text(b"\xff" * 32), base64.urlsafe_b64encode(b"\xff" * 32).decode() + "\n"])
def test_both_alphabets_of_base64_are_read(tmp_path: Path, written: str) -> None:
    assert load_key_ring(_settings(master_key=written), tmp_path).masters == (b"\xff" * 32,)


def test_the_key_is_read_from_a_file_relative_to_the_base(tmp_path: Path) -> None:
    name = _file(tmp_path / "master.key", _text(KEY) + "\n")
    assert load_key_ring(_settings(master_key_file=name), tmp_path).masters == (KEY,)


def test_replaced_keys_come_after_the_current_one(tmp_path: Path) -> None:
    settings = _settings(master_key=_text(KEY), previous_master_keys=(_text(OLDER),))
    assert load_key_ring(settings, tmp_path).masters == (KEY, OLDER)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    name = _file(tmp_path / "master.key", _text(KEY), mode)
    assert f"run `chmod 600 {tmp_path}/master.key`" in _wrong(_settings(master_key_file=name), tmp_path)


def test_a_file_that_is_not_there_is_refused_and_not_made(tmp_path: Path) -> None:
    assert "`coatcheck init` makes one" in _wrong(_settings(master_key_file="master.key"), tmp_path)
    assert _names(tmp_path) == []


@pytest.mark.parametrize("written", ["", "hush-hush", _text(KEY)[:-4], _text(KEY + KEY), "ü" * 44])
def test_what_is_no_key_is_refused_without_being_shown(tmp_path: Path, written: str) -> None:
    name = _file(tmp_path / "master.key", written)
    wrongs = [
        _wrong(_settings(master_key=written), tmp_path),
        _wrong(_settings(master_key_file=name), tmp_path),
        _wrong(_settings(master_key=_text(KEY), previous_master_keys=(_text(OLDER), written)), tmp_path),
    ]
    assert all("a master key is 32 bytes in base64" in wrong for wrong in wrongs)
    assert "previous_master_keys, number 2" in wrongs[2]
    assert not written or not any(written in wrong for wrong in wrongs)


def test_sqlite_without_a_key_gets_one_beside_the_database_and_keeps_it(tmp_path: Path) -> None:
    first = load_key_ring(_settings(), tmp_path)
    file = tmp_path / "app.db.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load_key_ring(_settings(), tmp_path).masters == first.masters
    assert _names(tmp_path) == ["app.db.key"]


def test_the_mode_of_a_new_key_does_not_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_key_file(tmp_path / "master.key")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "master.key").stat().st_mode) == 0o600


def test_each_new_key_is_another(tmp_path: Path) -> None:
    one, two = (
        load_key_ring(_settings("sqlite:///one.db"), tmp_path),
        load_key_ring(_settings("sqlite:///2.db"), tmp_path),
    )
    assert one.masters != two.masters
    assert new_master_key() != new_master_key()


def test_a_key_file_that_is_there_is_left(tmp_path: Path) -> None:
    _file(tmp_path / "master.key", _text(KEY))
    make_key_file(tmp_path / "master.key")
    assert (tmp_path / "master.key").read_text() == _text(KEY)
    assert _names(tmp_path) == ["master.key"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    said = "app.db.key: the master key cannot be written (No such file or directory)"
    assert said in _wrong(_settings("sqlite:///nowhere/app.db"), tmp_path)


def test_postgresql_without_a_key_is_refused(tmp_path: Path) -> None:
    wrong = _wrong(_settings("postgresql://ann:hush-hush@host/app"), tmp_path)
    assert "run `coatcheck init`" in wrong
    assert "COATCHECK_SECRET__MASTER_KEY" in wrong
    assert "hush-hush" not in wrong
    assert _names(tmp_path) == []


LOAD = """
import sys
from msgspec.structs import replace
from pathlib import Path
from coatcheck.settings import DatabaseSettings, Settings
from coatcheck.settings.master_key import load_key_ring

settings = replace(Settings(), database=DatabaseSettings(url="sqlite:///app.db"))
print("ready", flush=True)
sys.stdin.readline()
print(load_key_ring(settings, Path(sys.argv[1])).masters[0].hex())
"""


async def test_processes_that_start_at_once_use_one_key(tmp_path: Path) -> None:
    run = (sys.executable, "-c", LOAD, str(tmp_path))
    workers = [await asyncio.create_subprocess_exec(*run, stdin=PIPE, stdout=PIPE) for _ in range(4)]
    for worker in workers:
        assert worker.stdout is not None
        assert await worker.stdout.readline() == b"ready\n"
    said = await asyncio.gather(*(worker.communicate(b"go\n") for worker in workers))
    assert len({keys for keys, _ in said}) == 1
    assert len(said[0][0].strip()) == 64
    assert _names(tmp_path) == ["app.db.key"]
