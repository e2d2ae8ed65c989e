"""Calls for `provider test`, which sends no person's code or token: a deadline, a bound on the answer, no redirects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import quote_plus

import httpx
import pybase64

from coatcheck.desk import Desk
from coatcheck.errors import UpstreamFailed
from coatcheck.upstream.provider import Provider

_WITHIN_S: Final = 5.0
_MOST_BYTES: Final = 262_144


class Answered(Protocol):
    """Say what is read of an answer."""

    @property
    def host(self) -> str:
        """Who gave it."""
        ...

    @property
    def status(self) -> int:
        """Its status."""
        ...

    @property
    def date(self) -> str:
        """Its `Date` header, or empty."""
        ...

    @property
    def body(self) -> bytes:
        """What it says."""
        ...


class Asks(Protocol):
    """Say how a provider is asked."""

    async def get(self, party: Provider, url: str, *, headers: Mapping[str, str] | None = None) -> Answered:
        """Get an address.

        Raises:
            UpstreamFailed: there is no answer that can be used.
        """
        ...

    async def post(
        self, party: Provider, url: str, form: Mapping[str, str], *, headers: Mapping[str, str] | None = None
    ) -> Answered:
        """Post a form.

        Raises:
            UpstreamFailed: there is no answer that can be used.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class PlainReply:
    """Hold a whole answer."""

    host: str
    status: int
    date: str
    body: bytes = field(repr=False)


class PlainCalls:
    """Ask providers; one a process, by `desk.keep(PlainCalls)`, closed with the desk."""

    def __init__(self, _desk: Desk) -> None:
        self._client = httpx.AsyncClient(timeout=_WITHIN_S, follow_redirects=False, trust_env=False)

    async def get(self, party: Provider, url: str, *, headers: Mapping[str, str] | None = None) -> Answered:
        """Get an address.

        Raises:
            UpstreamFailed: there is no answer that can be used.
        """
        return await self._ask(httpx.Request("GET", url, headers=_ours(headers)))

    async def post(
        self, party: Provider, url: str, form: Mapping[str, str], *, headers: Mapping[str, str] | None = None
    ) -> Answered:
        """Post a form.

        Raises:
            UpstreamFailed: there is no answer that can be used.
        """
        return await self._ask(httpx.Request("POST", url, data=dict(form), headers=_ours(headers)))

    async def close(self) -> None:
        """Give back all connections."""
        await self._client.aclose()

    async def _ask(self, request: httpx.Request) -> PlainReply:
        host, body = request.url.host, bytearray()
        try:
            answer = await self._client.send(request, stream=True)
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > _MOST_BYTES:
                    break
            await answer.aclose()
        except httpx.HTTPError as error:
            raise UpstreamFailed("provider_away", f"{host}: {type(error).__name__} {error}"[:300]) from None
        if answer.status_code >= 500:
            raise UpstreamFailed("provider_away", f"{host} answers {answer.status_code}")
        if 300 <= answer.status_code < 400 or len(body) > _MOST_BYTES:
            raise UpstreamFailed("provider_answered_badly", f"{host} answers {answer.status_code}, or too much")
        return PlainReply(host=host, status=answer.status_code, date=answer.headers.get("date", ""), body=bytes(body))


def prove_by_secret(provider: Provider) -> tuple[dict[str, str], dict[str, str]] | None:
    """Give the form and the headers that prove to a provider that we are its client; None where that takes a key.

    See: RFC 6749 section 2.3.1.
    """
    named = {"client_id": provider.client_id}
    if provider.client_auth == "none":
        return named, {}
    if provider.client_secret is None:
        return None
    secret = provider.client_secret.reveal()
    if provider.client_auth == "post":
        return {**named, "client_secret": secret}, {}
    both = f"{quote_plus(provider.client_id)}:{quote_plus(secret)}"
    return {}, {"authorization": f"Basic {pybase64.b64encode(both.encode()).decode()}"}


def _ours(headers: Mapping[str, str] | None) -> dict[str, str]:
    return {"user-agent": "coatcheck", "accept": "application/json", **(headers or {})}
