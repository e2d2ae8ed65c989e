"""A client of the fakes, for their own tests: it leaves, comes back with an answer, and redeems it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from coatcheck.testing.providers.people import Someone
from coatcheck.testing.providers.provider import FakeProvider
from tests.servers.codes import BACK, Request
from tests.servers.walking import Arrived, Walker

JSON = {"accept": "application/json"}


@dataclass
class Client:
    """Stand where the site would, and keep what it sent."""

    fake: FakeProvider
    authorization: str
    token: str
    api: httpx.AsyncClient

    def request(self, scope: str = "openid email profile", **more: str) -> Request:
        """Make an authorization request."""
        return Request(self.fake.client_id, scope=scope, more=more)

    async def page(self, request: Request) -> httpx.Response:
        """Open the page."""
        async with Walker(BACK) as walker:
            return await walker.open(request.at(f"{self.fake.url}{self.authorization}"))

    async def press(self, request: Request, button: str) -> Arrived:
        """Open the page, press a button, and come back."""
        async with Walker(BACK) as walker:
            return await walker.choose(request.at(f"{self.fake.url}{self.authorization}"), button)

    async def redeem(self, request: Request, code: str, **more: str) -> httpx.Response:
        """Redeem a code."""
        proof = {"client_id": self.fake.client_id, "client_secret": self.fake.client_secret}
        return await self.ask_token({**request.redeeming(code), **proof, **more})

    async def ask_token(self, form: dict[str, str], **headers: str) -> httpx.Response:
        """Send a form to the token endpoint."""
        return await self.api.post(f"{self.fake.url}{self.token}", data=form, headers={**JSON, **headers})

    async def tokens(self, person: Someone, request: Request | None = None) -> dict[str, Any]:
        """Sign somebody in and give the token answer."""
        asked = request or self.request()
        arrived = await self.press(asked, person.label)
        answer = await self.redeem(asked, arrived.answer["code"])
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def get(self, path: str, token: str, **headers: str) -> httpx.Response:
        """Ask with a token."""
        return await self.api.get(f"{self.fake.url}{path}", headers={"authorization": f"Bearer {token}", **headers})


@asynccontextmanager
async def client_of(fake: FakeProvider, authorization: str, token: str) -> AsyncIterator[Client]:
    """Start a fake and be its client."""
    async with fake, httpx.AsyncClient(timeout=5) as api:
        yield Client(fake, authorization, token, api)
