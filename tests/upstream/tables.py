"""Providers as tests configure them: tables and keys in, providers out."""

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from coatcheck.settings.read import read_settings
from coatcheck.upstream.configured import read_providers
from coatcheck.upstream.entries import FOLDER
from coatcheck.upstream.provider import Provider

KNOWN: dict[str, Any] = {"client_id": "client-1", "client_secret": "hush-hush"}
OPEN_SERVER: dict[str, Any] = {
    "entry": "oauth2",
    "authorization": "https://id.example.org/authorize",
    "token": "https://id.example.org/token",
    "userinfo": "https://id.example.org/me",
    "subject": "id (number)",
}


def providers(base: Path = Path(), folder: Path = FOLDER, **tables: Any) -> tuple[Provider, ...]:
    """Make tables of `providers` what they are at a start."""
    settings = read_settings(None, {}, {"providers": tables})
    return tuple(each for each in read_providers(settings, base, folder=folder) if isinstance(each, Provider))


def provider(base: Path = Path(), folder: Path = FOLDER, **table: Any) -> Provider:
    """Make one table, with an id and a secret; its name is its entry."""
    [made] = providers(base, folder, **{table.get("entry", "acme"): {**KNOWN, **table}})
    return made


def write_key(path: Path, key: Any) -> str:
    """Write a private key as its owner would keep it."""
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    return path.name
