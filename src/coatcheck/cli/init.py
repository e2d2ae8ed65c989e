"""`coatcheck init`: settings, a master key and a database, in a folder that has none of them."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from coatcheck.access.names import ADMIN
from coatcheck.admin.roles import create_role
from coatcheck.cli.opening import OPERATOR, at_desk
from coatcheck.cli.showing import console, say, say_facts
from coatcheck.desk import Desk
from coatcheck.errors import ConfigurationError
from coatcheck.settings import Settings
from coatcheck.settings.files import sqlite_file, write_private
from coatcheck.settings.master_key import make_key_file
from coatcheck.settings.read import read_settings
from coatcheck.visit import Visit

_FILES = ("coatcheck.toml", "master.key", "coatcheck.db")
_TOML = """\
# Coatcheck. All that is not here has its default; docs/settings.md tells every setting.
# The environment goes before this file: COATCHECK_SERVER__PUBLIC_URL, COATCHECK_MAIL__SMTP_URL.

[site]
name = "Coatcheck"  # on pages and in mails
# sign_up = false   # let no strangers sign up

[server]
# Where people reach it. Until this is set, only this machine is served.
# public_url = "https://auth.example.org"
# trusted_proxies = ["127.0.0.1"]  # the reverse proxy that speaks https in front of it

[database]
url = "sqlite:///coatcheck.db"  # or "postgresql://user:password@host/name"

[secret]
# Keep a copy of this file, apart from the copies of the database.
master_key_file = "master.key"

[mail]
# Until this is set, mail is not sent: it is listed at /dev/mail, on this machine alone.
# smtp_url = "smtp://user:password@mail.example.org:587"
# sender = "Example <no-reply@example.org>"
"""


def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where; made if it is not there.")] = Path(),
) -> None:
    """Write settings, a master key and a database."""
    settings = make_folder(folder)
    config = folder / _FILES[0]
    console().print(f"\n[bold green]✓[/] Made in [bold]{folder.resolve().name or '/'}[/]:\n", soft_wrap=True)
    database = sqlite_file(settings.database.url)
    say_facts(
        {
            f"  {config}": "the settings: have a look, they are short",
            f"  {folder / _FILES[1]}": "the master key: keep a copy, apart from the copies of the database",
            f"  {folder / Path(database).name if database else 'database.url'}": "the database",
        }
    )
    elsewhere = "" if folder.resolve() == Path.cwd() else f" --config {config}"
    say()
    say(f"Next: coatcheck serve{elsewhere}", style="bold")
    say("Then open the set-up link that it shows: it makes the first administrator.", style="dim")
    say()


def make_folder(folder: Path) -> Settings:
    """Make the files of a new site; if one of them cannot be made, none is left.

    Args:
        folder: made if it is not there.

    Raises:
        ConfigurationError: one of the files is there already, or cannot be written, or a setting in the environment is
            wrong.
        DatabaseAway: `database.url` in the environment names a database that cannot be reached.
    """
    _check_free(folder)
    config, key, _ = (folder / name for name in _FILES)
    with ExitStack() as undo:
        undo.callback(_remove, [folder / name for name in _FILES])
        _write(config)
        make_key_file(key)
        at_desk(config, _make_admin)
        undo.pop_all()
    return read_settings(config)


def _check_free(folder: Path) -> None:
    for name in _FILES:
        if (folder / name).exists():
            raise ConfigurationError(f"{folder / name} is there already; nothing was changed")


def _write(config: Path) -> None:
    try:
        config.parent.mkdir(parents=True, exist_ok=True)
        write_private(config, _TOML)  # passwords of the mail server and the database are asked for in it
    except OSError as error:
        raise ConfigurationError(f"{config}: cannot be written ({error.strerror})") from None


async def _make_admin(desk: Desk, visit: Visit) -> None:
    """Make the role, so that it can be given before the first start; opening the desk has made the tables."""
    await create_role(desk, visit, role=ADMIN, permissions=[], actor=OPERATOR)


def _remove(files: list[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
