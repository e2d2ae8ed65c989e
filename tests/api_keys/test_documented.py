"""What docs/api-keys.md says is true: its key, its calls, its commands, its app."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from typer.main import get_command

from coatcheck.api_keys.api_key import KEPT_FOR, MOST_KEYS
from coatcheck.api_keys.key_text import adds_up, has_form, hint_of
from coatcheck.api_keys.uses import PORTIONS
from coatcheck.cli import app as command_line
from coatcheck.gate.junk_keys import PER_MINUTE
from coatcheck.integrations.fastapi import CurrentUser, require
from coatcheck.integrations.starlette import use
from coatcheck.secret import Secret
from coatcheck.settings import ApiKeySettings
from tests.api_keys.making import editor, key_of, presenting
from tests.site import PASSWORD, Site
from tools.make_commands_doc import commands

TEXT = (Path(__file__).parents[2] / "docs" / "api-keys.md").read_text("utf-8")
BLOCK = re.compile(r"\n((?:    .*\n|\n)+)")


def block(begins: str) -> str:
    """Give the indented block that begins so."""
    found = [each for each in BLOCK.findall(TEXT) if each.strip().startswith(begins)]
    assert len(found) == 1, begins
    return str(found[0])


def test_the_key_has_the_form() -> None:
    key = block("cck_").strip()
    assert has_form(key)
    assert adds_up(key)
    assert f'"hint": "{hint_of(Secret(key))}"' in TEXT


def test_the_numbers() -> None:
    settings = ApiKeySettings()
    said = [
        f"after {settings.lifetime.days} days unless",
        "after a year at the most" if settings.longest.days == 365 else "?",
        f"up to {MOST_KEYS} that work",
        f"for {KEPT_FOR.days} days more",
        f"used {settings.per_minute} times a minute",
        "a twentieth" if PORTIONS == 20 else "?",
        f"After {PER_MINUTE} keys in a minute",
    ]
    assert [each for each in said if each not in TEXT] == []


def test_the_commands_are_there() -> None:
    known = dict(commands(get_command(command_line), "coatcheck"))
    lines = block("coatcheck api-key create").strip().splitlines()
    for line in lines:
        words = line.split()
        options = {name for each in known[" ".join(words[:3])].params for name in each.opts}
        assert {word for word in words if word.startswith("--")} <= options, line
    assert len(lines) == 5


async def test_the_calls(site: Site) -> None:
    await editor(site, password=PASSWORD)
    browser = await site.signed_in()
    line, _, rest = block("POST /api/api-keys").strip().partition("\n")
    body, _, answer = rest.partition("\n\n")
    given = await browser.request(*line.split(), json=json.loads(body))
    shown: dict[str, Any] = json.loads(answer)
    assert given.status_code == 201
    assert given.json().keys() == shown.keys()
    assert [given.json()[name] for name in ("name", "scopes", "last_used_at")] == ["nightly", ["notes:read"], None]
    key = given.json()["id"]
    assert [each["id"] for each in (await browser.get("/api/api-keys")).json()["api_keys"]] == [key]
    assert (await browser.delete(f"/api/api-keys/{key}")).status_code == 204


async def test_the_app(site: Site) -> None:
    app = FastAPI()
    use(app, site.auth)
    code = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)[0]
    exec(compile(code, "docs/api-keys.md", "exec"), {"app": app, "require": require, "CurrentUser": CurrentUser})  # noqa: S102
    ann = await editor(site)
    reads, says = await key_of(site, ann.id, "notes:read"), await key_of(site, ann.id)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://notes.example.org") as program:
        answer = await program.get("/notes", headers=presenting(reads.secret.reveal()))
        assert answer.json() == {"of": ann.id, "by_key": reads.key.id}
        assert (await program.get("/notes", headers=presenting(says.secret.reveal()))).status_code == 403
