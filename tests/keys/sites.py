"""Sites that sign by one algorithm or another; EdDSA where any will do, as its keys are made in no time."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from coatcheck.keys.ring import SigningKeys
from tests.site import Site, open_site

SYMMETRIC: Mapping[str, Any] = {"keys": {"algorithm": "HS256"}, "server": {"unsafe": ["SHARED_SECRET_TOKENS"]}}


@asynccontextmanager
async def signing_site(folder: Path, algorithm: str = "EdDSA", **sections: Mapping[str, Any]) -> AsyncIterator[Site]:
    """Open a site on SQLite that signs by an algorithm; two in one folder are two workers, each with its clock."""
    if algorithm == "HS256":
        sections = {**SYMMETRIC, **sections}
    else:
        sections = {**sections, "keys": {"algorithm": algorithm, **sections.get("keys", {})}}
    settings: dict[str, Any] = {**sections}
    async with open_site(f"sqlite:///{folder / 'site.db'}", folder, **settings) as site:
        yield site


def keys_of(site: Site) -> SigningKeys:
    """Give the keys that a site's process holds."""
    return site.desk.keep(SigningKeys)


def kids(site: Site) -> list[str]:
    """List the names in the public set, as this process would publish it now."""
    return [jwk["kid"] for jwk in keys_of(site).jwks()["keys"]]
