"""The master key: found in the settings, in a file, or, for SQLite, made once beside the database."""

import base64
import binascii
import os
from contextlib import suppress
from pathlib import Path

from coatcheck.errors import ConfigurationError
from coatcheck.secret import KeyRing, new_id, random_bytes
from coatcheck.settings import Settings
from coatcheck.settings.files import sqlite_file, write_private

_OTHERS = 0o077
_LONGEST = 4096


def load_key_ring(settings: Settings, base: Path) -> KeyRing:
    """Load the current master key and the replaced ones.

    The key in the settings goes before the file. SQLite without either has `app.db.key` beside `app.db`, made once.

    Args:
        base: the directory that relative paths are relative to.

    Raises:
        ConfigurationError: there is no key, it cannot be read, or others than its owner can read its file.

    See: ASVS 13.3 (secret management).
    """
    replaced = [
        _decoded(key, f"secret.previous_master_keys, number {number}")
        for number, key in enumerate(settings.secret.previous_master_keys, start=1)
    ]
    return KeyRing((_current(settings, base), *replaced))


def new_master_key() -> str:
    """Draw a master key, as base64 text."""
    return base64.b64encode(random_bytes(32)).decode()


def make_key_file(path: Path) -> None:
    """Write a new master key to a file that its owner alone can read; leave one that is there, however it came.

    The file appears whole or not at all: it is written under another name, then linked to its own.

    Raises:
        ConfigurationError: the directory cannot be written.
    """
    draft = path.with_name(f".{path.name}.{new_id('new_')}")
    try:
        write_private(draft, new_master_key() + "\n")
        with suppress(FileExistsError):  # another process was faster: its key is the key
            path.hardlink_to(draft)
    except OSError as error:
        raise ConfigurationError(f"{path}: the master key cannot be written ({error.strerror})") from None
    finally:
        draft.unlink(missing_ok=True)


def _current(settings: Settings, base: Path) -> bytes:
    if settings.secret.master_key is not None:
        return _decoded(settings.secret.master_key, "secret.master_key")
    if settings.secret.master_key_file is not None:
        return _from_file(base / settings.secret.master_key_file)
    database = sqlite_file(settings.database.url)
    if database is None:
        raise ConfigurationError(
            "secret: there is no master key, and it must not live in the database: run `coatcheck init`, or set "
            "secret.master_key_file or COATCHECK_SECRET__MASTER_KEY"
        )
    beside = base / f"{database}.key"
    if not beside.exists():
        _refuse_to_replace(base / database, beside)
        make_key_file(beside)
    return _from_file(beside)


def _refuse_to_replace(database: Path, key: Path) -> None:
    """Refuse to make a new key for a database made under another: what that one sealed would be lost for ever."""
    if database.exists() and database.stat().st_size > 0:
        raise ConfigurationError(
            f"{key} is missing, but {database.name} was made with it: put the key back, or set secret.master_key"
        )


def _from_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & _OTHERS:
                raise ConfigurationError(f"{path}: others can read the master key; run `chmod 600 {path}`")
            return _decoded(file.read(_LONGEST).decode("ascii", "replace"), str(path))
    except OSError as error:
        raise ConfigurationError(
            f"{path}: the master key cannot be read ({error.strerror}); `coatcheck init` makes one"
        ) from None


def _decoded(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip().replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise ConfigurationError(f"{where}: a master key is 32 bytes in base64; `coatcheck init` makes one")
    return key
