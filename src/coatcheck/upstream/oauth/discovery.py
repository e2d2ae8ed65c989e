"""Where a provider is asked: its entry, and for OpenID Connect what its own configuration adds, made one."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from coatcheck.desk import Desk
from coatcheck.upstream.calls import Calls, Reply
from coatcheck.upstream.oauth.remembered import Remembered
from coatcheck.upstream.oauth.tenants import fits_template
from coatcheck.upstream.provider import Endpoints, Provider
from coatcheck.upstream.trouble import UpstreamFailed
from coatcheck.verifier.strict_json import read_answer

_MEMBER: Final = {
    "authorization": "authorization_endpoint",
    "token": "token_endpoint",
    "userinfo": "userinfo_endpoint",
    "jwks": "jwks_uri",
    "revocation": "revocation_endpoint",
    "par": "pushed_authorization_request_endpoint",
}
_NEEDED: Final = ("authorization", "token", "jwks")
_LONGEST: Final = 2048


class Known(Struct, frozen=True, kw_only=True):
    """Hold where a provider is asked now.

    Args:
        issuer: what its configuration calls itself: the entry's to the letter, or with a tenant put into it.
        endpoints: the entry's, and from its configuration what the entry leaves open.
        names_itself: whether it says that its answers name it (RFC 9207).
    """

    issuer: str
    endpoints: Endpoints
    names_itself: bool = False


class Discovery:
    """Remember the configurations of providers; one a process, by `desk.keep(Discovery)`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: dict[tuple[str, str, str], Remembered[Known]] = {}

    async def of(self, provider: Provider) -> Known:
        """Give where a provider is asked.

        Raises:
            UpstreamFailed: it must be asked for that, and does not say it, or says it of another issuer.
        """
        if not provider.endpoints.discovery:
            return Known(issuer=provider.issuer, endpoints=provider.endpoints)
        key = (provider.name, provider.endpoints.discovery, provider.issuer)
        if key not in self._known:
            self._known[key] = Remembered(self._desk.clock, lambda: _fetch(self._desk, provider))
        return await self._known[key].get()


async def _fetch(desk: Desk, provider: Provider) -> Known:
    reply = await desk.keep(Calls).get(provider, provider.endpoints.discovery)
    return read_configuration(provider, reply)


def read_configuration(provider: Provider, reply: Reply) -> Known:
    """Read an OpenID configuration.

    The issuer is compared as text: no slash is added or taken away. What it says about algorithms is left aside, as
    ours are pinned.

    Raises:
        UpstreamFailed: it is none, is of another issuer, or lacks an endpoint that is needed.

    See: OpenID Connect Discovery 1.0 sections 3 and 4.3; RFC 9207 section 3.
    """
    document = object_of(reply, "the OpenID configuration")
    issuer = document.get("issuer")
    if not isinstance(issuer, str) or not (issuer == provider.issuer or fits_template(provider, issuer)):
        raise UpstreamFailed(
            "provider_answered_badly",
            f"{reply.host}: the OpenID configuration is of {str(issuer)[:200]!r}, not of {provider.issuer!r}",
        )
    names = _MEMBER.keys() & set(Endpoints.__struct_fields__)
    found = {name: _address(reply, document, _MEMBER[name]) for name in names if not getattr(provider.endpoints, name)}
    endpoints = replace(provider.endpoints, **found)
    missing = [_MEMBER[name] for name in _NEEDED if not getattr(endpoints, name)]
    if missing:
        raise UpstreamFailed("provider_answered_badly", f"{reply.host}: the OpenID configuration lacks {missing[0]}")
    says = document.get("authorization_response_iss_parameter_supported") is True
    return Known(issuer=issuer, endpoints=endpoints, names_itself=says)


def object_of(reply: Reply, what: str) -> Mapping[str, Any]:
    """Give the JSON object that a provider answered with, and a 200.

    Raises:
        UpstreamFailed: it is something else.
    """
    if reply.status != 200:
        raise UpstreamFailed("provider_answered_badly", f"{reply.host}: {what}: answers {reply.status}")
    found = value_of(reply, what)
    if not isinstance(found, dict):
        raise UpstreamFailed("provider_answered_badly", f"{reply.host}: {what}: no JSON object")
    return found


def value_of(reply: Reply, what: str) -> Any:
    """Give what a provider answered in JSON.

    Raises:
        UpstreamFailed: it is no JSON.
    """
    try:
        return read_answer(reply.body)
    except ValueError:
        raise UpstreamFailed(
            "provider_answered_badly", f"{reply.host}: {what}: no JSON ({reply.kind[:60] or 'no type'})"
        ) from None


def _address(reply: Reply, document: Mapping[str, Any], member: str) -> str:
    found = document.get(member, "")
    if found == "" or (isinstance(found, str) and len(found) <= _LONGEST and _is_web(found)):
        return str(found)
    raise UpstreamFailed("provider_answered_badly", f"{reply.host}: the OpenID configuration: {member} is no address")


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(parts.hostname) and url.isascii() and url.isprintable()
