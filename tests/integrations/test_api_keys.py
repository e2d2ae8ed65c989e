"""An API key at an app's own routes: what they demand, what they are told, and connections that stay open."""

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import force_setattr

from coatcheck.admin.api_keys import revoke_key
from coatcheck.errors import ApiKeyRefused
from coatcheck.integrations.watch import Pace, Watch
from coatcheck.visit import Asked
from tests.api_keys.making import editor, key_of, presenting
from tests.integrations.test_frameworks import Mounted, mounted
from tests.site import VISIT, Site, open_site

__all__ = ["mounted"]


async def test_a_route_that_demands_more(mounted: Mounted) -> None:
    site, browser = mounted.site, mounted.browser
    made = await key_of(site, (await editor(site)).id, "notes:read")
    force_setattr(site.desk.settings.api_keys, "per_minute", 2)
    headers = presenting(made.secret.reveal())
    answers = [await browser.delete("/notes", headers=headers) for _ in range(3)]
    assert [(each.status_code, each.json()["code"]) for each in answers] == [
        (403, "not_allowed"),
        (403, "not_allowed"),
        (429, "api_key_overused"),
    ], "that it was refused is written down, which is no further use"


async def test_a_connection_ends_with_its_key(site: Site) -> None:
    made = await key_of(site, (await editor(site)).id)
    watch = Watch(site.auth, Pace(site.clock))
    await watch.present(Asked(websocket=True, authorization=f"Bearer {made.secret.reveal()}"))
    assert await watch.look() is None
    await revoke_key(site.desk, VISIT, key=made.key.id, actor="operator")
    assert isinstance(await watch.look(), ApiKeyRefused)


async def test_and_is_not_waited_for_when_it_runs_out(site: Site) -> None:
    made = await key_of(site, (await editor(site)).id, lasts=timedelta(minutes=5))
    watch = Watch(site.auth, Pace(site.clock))
    await watch.present(Asked(websocket=True, authorization=f"Bearer {made.secret.reveal()}"))
    site.clock.advance(timedelta(minutes=5, seconds=1))
    await site.follow_log()
    assert isinstance(await watch.look(), ApiKeyRefused)


@pytest.mark.parametrize("looks", [20])
async def test_looking_again_is_no_use(sqlite_ready: str, tmp_path: Path, looks: int) -> None:
    async with open_site(sqlite_ready, tmp_path, api_keys={"per_minute": 1}) as site:
        made = await key_of(site, (await editor(site)).id)
        watch = Watch(site.auth, Pace(site.clock))
        await watch.present(Asked(websocket=True, authorization=f"Bearer {made.secret.reveal()}"))
        assert [await watch.look() for _ in range(looks)] == [None] * looks
