"""The files that settings name: relative to `coatcheck.toml`, not to wherever the process started; and private ones."""

import os
from pathlib import Path

from msgspec.structs import replace

from coatcheck.settings import SamlSettings, Settings


def sqlite_file(url: str) -> str | None:
    """Give the path in a `sqlite:///…` URL, or None when the URL is for another database or names no file."""
    scheme, _, rest = url.partition(":///")
    path = rest.partition("?")[0]
    return path if scheme.partition("+")[0] == "sqlite" and path not in ("", ":memory:") else None


def write_private(path: Path, text: str) -> None:
    """Write a new file that its owner alone can read, from its first byte on.

    Raises:
        OSError: it is there already, or the directory cannot be written.
    """
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def anchored(settings: Settings, base: Path) -> Settings:
    """Make relative paths absolute.

    Args:
        base: the directory they are relative to.
    """
    database, secret, audit = settings.database, settings.secret, settings.audit
    return replace(
        settings,
        database=replace(database, url=_anchored_url(database.url, base)),
        secret=replace(secret, master_key_file=_anchored_path(secret.master_key_file, base)),
        audit=replace(audit, checkpoint_file=_anchored_path(audit.checkpoint_file, base)),
        providers={
            name: replace(each, key_file=_anchored_path(each.key_file, base))
            for name, each in settings.providers.items()
        },
        saml={name: _anchored_saml(each, base) for name, each in settings.saml.items()},
    )


def _anchored_saml(each: SamlSettings, base: Path) -> SamlSettings:
    return replace(
        each,
        idp_metadata_file=_anchored_path(each.idp_metadata_file, base),
        idp_certificate_files=tuple(str(base.absolute() / path) for path in each.idp_certificate_files),
        key_file=_anchored_path(each.key_file, base),
        certificate_file=_anchored_path(each.certificate_file, base),
    )


def _anchored_url(url: str, base: Path) -> str:
    path = sqlite_file(url)
    return url if path is None else url.replace(f":///{path}", f":///{base.absolute() / path}", 1)


def _anchored_path(path: str | None, base: Path) -> str | None:
    return None if path is None else str(base.absolute() / path)
