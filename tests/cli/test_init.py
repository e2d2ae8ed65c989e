"""`coatcheck init` makes settings, a key and a database, and never writes over any."""

import stat
from pathlib import Path

import pytest

from coatcheck.settings.read import read_settings
from tests.cli.running import coatcheck


def test_what_it_makes(fresh: Path) -> None:
    assert {path.name for path in (fresh / "site").iterdir()} >= {"coatcheck.toml", "master.key", "coatcheck.db"}
    said = (fresh / "said.txt").read_text()
    assert "coatcheck serve --config site/coatcheck.toml" in said
    assert (fresh / "site" / "master.key").read_text().strip() not in said


def test_its_owner_alone_can_read_it(fresh: Path) -> None:
    """The settings ask for the passwords of the mail server and the database; the database holds addresses."""
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (fresh / "site").iterdir()}
    assert modes.keys() >= {"coatcheck.toml", "master.key", "coatcheck.db"}
    assert set(modes.values()) == {0o600}, modes


def test_every_setting_it_suggests_is_one(fresh: Path, tmp_path: Path) -> None:
    text = (fresh / "site" / "coatcheck.toml").read_text()
    uncommented = "\n".join(line.removeprefix("# ") if " = " in line else line for line in text.splitlines())
    (tmp_path / "coatcheck.toml").write_text(uncommented)
    settings = read_settings(tmp_path / "coatcheck.toml", environ={})
    assert settings.server.public_url == "https://auth.example.org"
    assert settings.mail.smtp_url is not None


@pytest.mark.parametrize("there", ["coatcheck.toml", "master.key", "coatcheck.db"])
def test_it_writes_over_nothing(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("mine")
    refused = coatcheck("init", folder=tmp_path)
    assert refused.returncode == 2
    assert f"{there} is there already; nothing was changed" in refused.stderr
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(there, "mine")]


def test_it_leaves_nothing_when_it_cannot_finish(tmp_path: Path) -> None:
    environ = {"COATCHECK_DATABASE__URL": "nonsense"}
    refused = coatcheck("init", folder=tmp_path, environ=environ)
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
    assert list(tmp_path.iterdir()) == []
