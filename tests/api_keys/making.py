"""Owners of API keys, and their keys as programs present them."""

from datetime import timedelta

import httpx

from coatcheck.accounts.account import Account
from coatcheck.admin.api_keys import make_key_for
from coatcheck.admin.roles import create_role, grant_role
from coatcheck.api_keys.make import Made
from coatcheck.secret import checksum
from coatcheck.verifier import Principal
from coatcheck.visit import Asked
from tests.site import VISIT, Site

EDITOR = ("notes:read", "notes:write")


async def editor(site: Site, email: str = "ann@example.org", *, password: str | None = None) -> Account:
    """Make a person who may read and write notes."""
    account = await site.person(email, password=password)
    await create_role(site.desk, VISIT, role="editor", permissions=EDITOR, actor="operator")
    await grant_role(site.desk, VISIT, account=account.id, role="editor", actor="operator")
    return account


async def key_of(site: Site, owner: str, *scopes: str, name: str = "nightly", lasts: timedelta | None = None) -> Made:
    """Make a key of an account or a service, as an operator does."""
    return await make_key_for(site.desk, VISIT, owner=owner, name=name, scopes=scopes, lifetime=lasts, actor="operator")


def presenting(text: str) -> dict[str, str]:
    """Give the header that presents a key."""
    return {"authorization": f"Bearer {text}"}


async def authenticated(site: Site, text: str, address: str = "", *, is_use: bool = True) -> Principal:
    """Give whom an app's own route takes a key for."""
    return await site.auth.authenticate(Asked(address=address, is_use=is_use, authorization=f"Bearer {text}"))


async def asked(site: Site, text: str, *, address: str = "198.51.100.7") -> httpx.Response:
    """Ask who a key is, as a program does."""
    async with site.machine(address=address) as program:
        return await program.get("/api/session", headers=presenting(text))


def changed(text: str, at: int) -> str:
    """Give a key with one character of it changed for another of the same kind."""
    return f"{text[:at]}{'b' if text[at] != 'b' else 'c'}{text[at + 1 :]}"


def made_up(text: str = "cck_" + "a" * 32) -> str:
    """Give a key that nobody made, with the checksum that it would have."""
    return text + checksum(text)
