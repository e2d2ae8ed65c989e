"""What a provider's ID tokens are signed with: its key set, read key by key, and asked for again for an unknown name.

Other people's key sets hold more than we take: encryption keys, other curves, keys that name no algorithm. What cannot
be used is left out; what is used is read as strictly as our own, for an algorithm that the provider's entry pins.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from msgspec import Struct

from coatcheck.desk import Desk
from coatcheck.upstream.calls import Calls
from coatcheck.upstream.oauth.discovery import object_of
from coatcheck.upstream.oauth.remembered import Remembered
from coatcheck.upstream.provider import Provider
from coatcheck.upstream.trouble import UpstreamFailed
from coatcheck.verifier.algorithms import VerifyingKey
from coatcheck.verifier.jwk import key_of

_MOST_KEYS: Final = 100
_NAMELESS: Final = "-"


class ProviderKey(Struct, frozen=True):
    """Hold one key of a provider for one algorithm.

    Args:
        issuer: whose tokens alone it signs, where the key set says so; it may have `{tenantid}` in it.
    """

    checks: VerifyingKey
    issuer: str = ""


KeySet: TypeAlias = Mapping[tuple[str, str], ProviderKey]


class ProviderKeys:
    """Remember the key sets of providers; one a process, by `desk.keep(ProviderKeys)`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._sets: dict[tuple[str, str, tuple[str, ...]], Remembered[KeySet]] = {}

    async def find(self, provider: Provider, jwks: str, *, kid: str | None, algorithm: str) -> ProviderKey:
        """Give the key that a token names.

        Args:
            jwks: the address of the provider's key set.
            kid: the name in the token's header; without one, the set must hold a single key for the algorithm.
            algorithm: the one in the token's header.

        Raises:
            UpstreamFailed: there is no such key, also after the set was asked for again, or no set that can be read.
        """
        key = (provider.name, jwks, provider.algorithms)
        if key not in self._sets:
            self._sets[key] = Remembered(self._desk.clock, lambda: _fetch(self._desk, provider, jwks))
        remembered = self._sets[key]
        found = _pick(await remembered.get(), kid, algorithm) or _pick(await remembered.again(), kid, algorithm)
        if found is None:
            raise UpstreamFailed("identity_token_refused", f"no {algorithm} key is published under its kid")
        return found


def read_key_set(listed: object, algorithms: tuple[str, ...]) -> KeySet:
    """Read what can be used of a key set, by name and algorithm; a pair that stands twice is left out.

    Args:
        listed: the member `keys` of the document.
        algorithms: which a key may be for; one that names none is for each that its kind fits.

    Raises:
        ValueError: it is no list of keys, or too long.

    See: RFC 7517 section 5; RFC 8725 section 3.5.
    """
    if not isinstance(listed, list) or len(listed) > _MOST_KEYS:
        raise ValueError("no list of keys, or too many")
    found: dict[tuple[str, str], ProviderKey] = {}
    twice: set[tuple[str, str]] = set()
    for jwk in listed:
        for each in _keys_of(jwk, algorithms):
            name = (each.checks.kid, each.checks.algorithm)
            twice |= {name} & found.keys()
            found[name] = each
    return {name: key for name, key in found.items() if name not in twice}


async def _fetch(desk: Desk, provider: Provider, jwks: str) -> KeySet:
    reply = await desk.keep(Calls).get(provider, jwks)
    document = object_of(reply, "the key set")
    try:
        found = read_key_set(document.get("keys"), provider.algorithms)
    except ValueError as error:
        raise UpstreamFailed("provider_answered_badly", f"{reply.host}: the key set: {error}") from None
    if not found:
        needed = ", ".join(provider.algorithms)
        raise UpstreamFailed("provider_answered_badly", f"{reply.host}: the key set has no key for {needed}")
    return found


def _keys_of(jwk: object, algorithms: tuple[str, ...]) -> list[ProviderKey]:
    if not isinstance(jwk, dict):
        return []
    named = jwk.get("alg")
    fitting = algorithms if named is None else [each for each in algorithms if each == named]
    issuer = jwk.get("issuer", "")
    keys = [_key_of(jwk, algorithm) for algorithm in fitting] if isinstance(issuer, str) else []
    return [ProviderKey(key, issuer) for key in keys if key is not None]


def _key_of(jwk: Mapping[str, Any], algorithm: str) -> VerifyingKey | None:
    try:
        return key_of({**jwk, "alg": algorithm, "kid": jwk.get("kid", _NAMELESS)})
    except ValueError:
        return None


def _pick(keys: KeySet, kid: str | None, algorithm: str) -> ProviderKey | None:
    if kid is not None:
        return keys.get((kid, algorithm))
    fitting = [key for (_, its_algorithm), key in keys.items() if its_algorithm == algorithm]
    return fitting[0] if len(fitting) == 1 else None
