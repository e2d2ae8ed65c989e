"""A site whose provider is a fake with the documented answers of a known one: its entry, pointed at this machine."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx
from msgspec.structs import replace

from coatcheck.audit.show import Entry, show
from coatcheck.testing.clock import ManualClock
from coatcheck.testing.providers import Someone
from coatcheck.testing.providers.provider import FakeProvider
from coatcheck.upstream.configured import Providers
from coatcheck.upstream.provider import Provider
from tests.login.providers import come_back, leave, trouble_of, who
from tests.servers.walking import Arrived, Walker
from tests.site import ORIGIN, Site, open_site

Fake = TypeVar("Fake", bound=FakeProvider)


@dataclass(frozen=True)
class Replay(Generic[Fake]):
    """Hold a site and the fake that its people sign in with.

    Args:
        name: the provider's, and that of its entry.
    """

    site: Site
    fake: Fake
    name: str

    @property
    def back(self) -> str:
        """Where the provider's answers go."""
        return f"{ORIGIN}/login/{self.name}/callback"

    async def leave(self, browser: httpx.AsyncClient) -> str:
        """Leave for the provider, and give the address that the browser is sent to."""
        return await leave(browser, f"/login/{self.name}")

    async def arrive(self, browser: httpx.AsyncClient, button: Someone | str) -> Arrived:
        """Leave for the provider and press a button there: the answer is on its way, and nothing came of it yet."""
        words = button.label if isinstance(button, Someone) else button
        async with Walker(self.back) as walker:
            return await walker.choose(await self.leave(browser), words)

    async def press(self, browser: httpx.AsyncClient, button: Someone | str) -> httpx.Response:
        """Leave for the provider, press a button there, and come back."""
        return await come_back(browser, await self.arrive(browser, button))

    async def turned_away(self) -> str:
        """Leave for a provider that sends the browser straight back with an error; give the trouble that is shown."""
        async with self.site.browser() as browser, Walker(self.back) as walker:
            trouble = trouble_of(await come_back(browser, await walker.back_from(await self.leave(browser))))
            assert trouble is not None
            return trouble

    async def comes_in(self, someone: Someone) -> str | None:
        """Sign somebody in with a new browser, and give whose account that is, by its address."""
        async with self.site.browser() as browser:
            answer = await self.press(browser, someone)
            assert trouble_of(answer) is None, await self.trace()
            return await who(browser)

    async def stays_out(self, button: Someone | str) -> str:
        """Try to sign somebody in with a new browser, and give the trouble that is shown."""
        async with self.site.browser() as browser:
            trouble = trouble_of(await self.press(browser, button))
            assert trouble is not None, f"{button} came in"
            assert await who(browser) is None
            return trouble

    async def last_failure(self) -> Entry:
        """Give the last failure in the trail."""
        [entry, *_] = await show(self.site.desk, event="upstream.failed")
        return entry

    async def trace(self) -> str:
        """Give what the trail says of the last failure, for the operator alone."""
        return str((await self.last_failure()).details["because"])

    async def asked(self) -> dict[str, str]:
        """Give what the provider is asked for: each parameter, which is there once."""
        async with self.site.browser() as browser:
            query = parse_qs(urlsplit(await self.leave(browser)).query, strict_parsing=True)
        assert all(len(each) == 1 for each in query.values())
        return {name: value for name, [value] in query.items()}

    def change(self, **fields: Any) -> None:
        """Change what the site knows of the provider."""
        [provider] = self.site.desk.keep(Providers).all()
        assert isinstance(provider, Provider)
        self.site.desk.keep(Providers).use([replace(provider, **fields)])


@asynccontextmanager
async def replaying(
    fake: Fake,
    folder: Path,
    clock: ManualClock,
    name: str,
    table: Mapping[str, object] | None = None,
    **sections: Mapping[str, object],
) -> AsyncIterator[Replay[Fake]]:
    """Open a site with the entry of this name, and point it at a fake that is told the same time.

    Args:
        table: settings of the provider; its client is the fake's.
    """
    fake.redirect_uris = (f"{ORIGIN}/login/{name}/callback",)
    own = {"client_id": fake.client_id, "client_secret": fake.client_secret}
    given: dict[str, Mapping[str, object]] = {"providers": {name: table or own}, **sections}
    url = f"sqlite:///{folder / 'site.db'}"
    opened: AbstractAsyncContextManager[Site] = open_site(url, folder, clock=clock, ephemeral="sql", **given)
    async with fake, opened as site:
        replay = Replay(site, fake, name)
        replay.change(**fake.entry_overrides, private_network=("127.0.0.0/8",))
        yield replay
