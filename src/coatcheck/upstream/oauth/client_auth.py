"""Prove to a provider that we are its client: by a secret, or by a signature that is made for one call."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final
from urllib.parse import quote_plus

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from pybase64 import b64encode

from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.keys.algorithms import ALGORITHMS, Signer, base64url
from coatcheck.secret import Veiled, new_secret
from coatcheck.upstream.oauth.discovery import Known
from coatcheck.upstream.oauth.tenants import HOLE
from coatcheck.upstream.provider import ClientKey, Provider
from coatcheck.upstream.trouble import UpstreamFailed

LIVES_S: Final = 300
"""Seconds for which what we sign counts; each is made for one call."""

_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Proof(Veiled, frozen=True):
    """Hold what a call carries besides its own parameters.

    Args:
        form: parameters.
        headers: header lines.
    """

    veils: ClassVar = frozenset({"form", "headers"})

    form: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}


class Signers:
    """Remember the opened private keys of our clients; one a process, by `desk.keep(Signers)`."""

    def __init__(self, _desk: Desk) -> None:
        self._open: dict[ClientKey, Signer] = {}

    def of(self, key: ClientKey) -> Signer:
        """Give what signs by a key.

        Raises:
            UpstreamFailed: it is none, or of another algorithm than its entry says.
        """
        if key not in self._open:
            self._open[key] = _opened(key)
        return self._open[key]


def prove(desk: Desk, provider: Provider, known: Known) -> Proof:
    """Give what proves to a provider that we are its client.

    Raises:
        UpstreamFailed: `client_refused`, as the secret or key that it takes is not there.

    See: RFC 6749 section 2.3.1; RFC 7523 sections 2.2 and 3; OpenID Connect Core 1.0 section 9.
    """
    named = {"client_id": provider.client_id}
    match provider.client_auth:
        case "none":
            return Proof(named)
        case "basic":
            return Proof(headers={"authorization": basic(provider)})
        case "post":
            return Proof({**named, "client_secret": secret_of(provider)})
        case "apple":
            return Proof({**named, "client_secret": _apple_secret(desk, provider)})
        case "private_key_jwt":
            signed = _assertion(desk, provider, known)
            return Proof({**named, "client_assertion_type": _ASSERTION, "client_assertion": signed})


def basic(provider: Provider) -> str:
    """Give the `Authorization` header of our client; both halves are form-encoded first.

    Raises:
        UpstreamFailed: there is no secret.

    See: RFC 6749 section 2.3.1.
    """
    both = f"{quote_plus(provider.client_id)}:{quote_plus(secret_of(provider))}"
    return f"Basic {b64encode(both.encode()).decode()}"


def secret_of(provider: Provider) -> str:
    """Give the client's secret.

    Raises:
        UpstreamFailed: there is none.
    """
    if provider.client_secret is None:
        raise UpstreamFailed("client_refused", f"{provider.name} needs `client_secret`, and the settings have none")
    return provider.client_secret.reveal()


def _assertion(desk: Desk, provider: Provider, known: Known) -> str:
    is_issuer = provider.proves_to == "issuer" and HOLE not in known.issuer
    claims = {
        "iss": provider.client_id,
        "sub": provider.client_id,
        "aud": known.issuer if is_issuer else known.endpoints.token,
        "jti": new_secret().reveal(),
    }
    return _signed(desk, _key_of(provider), claims)


def _apple_secret(desk: Desk, provider: Provider) -> str:
    key = _key_of(provider)
    return _signed(desk, key, {"iss": key.team_id, "sub": provider.client_id, "aud": provider.issuer})


def _key_of(provider: Provider) -> ClientKey:
    if provider.client_key is None:
        raise UpstreamFailed("client_refused", f"{provider.name} needs a private key, and the settings have none")
    return provider.client_key


def _signed(desk: Desk, key: ClientKey, claims: Mapping[str, Any]) -> str:
    header = {"alg": key.algorithm, "typ": "JWT", **({"kid": key.key_id} if key.key_id else {})}
    signed = f"{_part(header)}.{_part({**claims, **_times(desk.now())})}"
    return f"{signed}.{base64url(desk.keep(Signers).of(key).sign(signed.encode()))}"


def _times(now: Instant) -> Mapping[str, int]:
    return {"iat": now // 1000, "exp": now // 1000 + LIVES_S}


def _part(members: Mapping[str, Any]) -> str:
    return base64url(msgspec.json.encode(members))


def _opened(key: ClientKey) -> Signer:
    try:
        private = load_pem_private_key(key.pem.reveal().encode(), None)
        der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return ALGORITHMS[key.algorithm].open(der)
    except (ValueError, TypeError, KeyError, UnsupportedAlgorithm) as error:
        raise UpstreamFailed("client_refused", f"the private key is none for {key.algorithm}") from error
