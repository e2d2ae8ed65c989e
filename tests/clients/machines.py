"""Machines as they come to a site: registered, with a secret or a key, asking at OAuth's addresses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey as PrivateKey

from coatcheck.admin.services import create_service
from coatcheck.keys.algorithms import _der as der_of
from coatcheck.keys.algorithms import _open_p256, base64url
from coatcheck.secret import new_id
from coatcheck.verifier.claims import AccessClaims, read_access
from coatcheck.verifier.jws import parse_jws
from tests.site import ORIGIN, VISIT, Site

TOKEN, INTROSPECT, REVOKE = "/oauth/token", "/oauth/introspect", "/oauth/revoke"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
NOTES, MAIL = "https://notes.example.org", "https://mail.example.org"


@dataclass
class Machine:
    """Ask as one service; what stands in `form` is sent as it is."""

    site: Site
    id: str
    secret: str

    @property
    def basic(self) -> httpx.BasicAuth:
        """How it proves itself by header."""
        return httpx.BasicAuth(self.id, self.secret)

    async def ask(self, path: str, **form: str) -> httpx.Response:
        """Ask at an address, with the secret in a header."""
        return await self.site.machine().post(path, data=form, auth=self.basic)

    async def ask_for_token(self, **form: str) -> httpx.Response:
        """Ask for a token."""
        return await self.ask(TOKEN, grant_type="client_credentials", **form)

    async def token(self, **form: str) -> str:
        """Get a token."""
        answer = await self.ask_for_token(**form)
        assert answer.status_code == 200, answer.text
        got: str = answer.json()["access_token"]
        return got

    async def told(self, token: str) -> dict[str, Any]:
        """Ask about a token."""
        answer = await self.ask(INTROSPECT, token=token)
        assert answer.status_code == 200, answer.text
        words: dict[str, Any] = answer.json()
        return words

    async def counts(self, token: str) -> bool:
        """Tell whether a token is alive, by what introspection says."""
        return (await self.told(token))["active"] is True


async def machine(
    site: Site,
    name: str = "reports",
    permissions: Sequence[str] = ("notes:read", "notes:write"),
    *,
    calls: Sequence[str] = (),
    serves: Sequence[str] = (),
) -> Machine:
    """Register a service that has a secret."""
    made = await create_service(
        site.desk,
        VISIT,
        name=name,
        permissions=permissions,
        calls=calls,
        serves=serves,
        public_key=None,
        actor="operator",
    )
    assert made.secret is not None
    return Machine(site, made.id, made.secret.reveal())


class Signing:
    """Sign assertions by a key of one's own."""

    def __init__(self) -> None:
        self.private: PrivateKey = generate_private_key(SECP256R1())
        self._signer = _open_p256(der_of(self.private))
        self.jwk = {**(self._signer.jwk or {}), "alg": "ES256", "kid": "mine", "use": "sig"}

    def assertion(self, site: Site, service: str, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """Sign an assertion as it should be, but for what is given."""
        now = site.desk.now() // 1000
        said = {"iss": service, "sub": service, "aud": ORIGIN, "exp": now + 60, "iat": now, "jti": new_id("")}
        whole = {name: value for name, value in {**said, **claims}.items() if value is not None}
        return self.sign({"alg": "ES256", "kid": "mine", "typ": "JWT", **(header or {})}, whole)

    def sign(self, header: dict[str, Any], claims: dict[str, Any]) -> str:
        """Sign anything."""
        parts = [base64url(msgspec.json.encode(part)) for part in (header, claims)]
        return ".".join([*parts, base64url(self._signer.sign(".".join(parts).encode()))])


async def keyed_machine(site: Site, name: str = "signer", **more: Any) -> tuple[str, Signing]:
    """Register a service that has a key; give its id and the key."""
    key = Signing()
    made = await create_service(
        site.desk,
        VISIT,
        name=name,
        permissions=["notes:read"],
        calls=[],
        serves=[],
        public_key=msgspec.json.encode(key.jwk),
        actor="operator",
        **more,
    )
    assert made.secret is None
    return made.id, key


async def present(site: Site, assertion: str, path: str = TOKEN, **form: str) -> httpx.Response:
    """Ask for a token by an assertion."""
    proof = {"client_assertion_type": JWT_BEARER, "client_assertion": assertion}
    return await site.machine().post(path, data={"grant_type": "client_credentials", **proof, **form})


def claims_of(token: str) -> AccessClaims:
    """Read what a token says."""
    return read_access(parse_jws(token).payload)
