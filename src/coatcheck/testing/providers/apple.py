"""A fake of Apple: OpenID Connect, and what is odd about it.

The answer is posted across sites; the name comes once, unsigned; addresses may be relays; `email_verified` is a text;
the client's secret is a JWT that the site signs, checked here with its public key.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from coatcheck.clock import Clock
from coatcheck.secret import Secret
from coatcheck.testing.listening import LOOPBACK
from coatcheck.testing.providers.grants import Grant, Grants
from coatcheck.testing.providers.openid import FakeOpenIdProvider
from coatcheck.testing.providers.people import PEOPLE, Someone
from coatcheck.testing.providers.provider import Handler
from coatcheck.testing.providers.wire import Answer, Received, as_json, as_page
from coatcheck.upstream.provider import ClientKey, Endpoints
from coatcheck.verifier.canonical import decode_base64url

_DISCOVERY: Final = "/.well-known/openid-configuration"
_LONGEST_SECRET: Final = 15_777_000  # seconds
_APPLE: Final = "https://appleid.apple.com"
_CODE_LIVES: Final = 300


class FakeApple(FakeOpenIdProvider):
    """Be Apple.

    Set `says_text` to False to have flags as booleans: both are documented. Set `forged_user` to have the browser post
    another `user` than Apple signed: what it says must change nothing.

    Args:
        people: who can sign in there.
        client_id: the Services ID.
        team_id, key_id: what must stand in the secrets that the site signs.
        redirect_uris: where answers may be sent to; any address, if there are none.
        clock: whose time its tokens tell.
        host: `localhost` or `127.0.0.1`: the site of its pages, as browsers see it.
    """

    title = "Apple"
    cancelled = "user_cancelled_authorize"
    key_name = "fake-apple"
    code_prefix: ClassVar[str] = "c0"
    says_text = True
    forged_user = ""

    def __init__(
        self,
        people: Sequence[Someone] = PEOPLE,
        *,
        client_id: str = "example.app.web",
        team_id: str = "FAKETEAM01",
        key_id: str = "FAKEKEY001",
        redirect_uris: Sequence[str] = (),
        clock: Clock | None = None,
        host: str = LOOPBACK,
    ) -> None:
        super().__init__(people, client_id=client_id, redirect_uris=redirect_uris, clock=clock, host=host)
        self.team_id = team_id
        self.key_id = key_id
        self.grants = Grants(self.code_prefix, verifies_pkce=False, code_lives=_CODE_LIVES)
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._told: set[str] = set()

    @property
    def client_key(self) -> ClientKey:
        """The key that a developer downloads from Apple, to sign secrets with."""
        pem = self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return ClientKey(pem=Secret(pem), algorithm="ES256", key_id=self.key_id, team_id=self.team_id)

    @property
    def addresses(self) -> Mapping[str, object]:
        """Where it is and what it is called, as a `Provider` has it."""
        return {"issuer": self.url, "endpoints": Endpoints(discovery=f"{self.url}{_DISCOVERY}")}

    @property
    def proof(self) -> Mapping[str, object]:
        """The key to sign secrets with."""
        return {"client_secret": None, "client_key": self.client_key}

    def forget(self, person: Someone) -> None:
        """Forget that a person has been here, as when they stop using Apple ID with the site: the name comes again."""
        self._told.discard(person.handle)

    def routes(self) -> Mapping[str, tuple[str, Handler]]:
        """Give what answers, by method and path."""
        return {
            **self.token_routes(_DISCOVERY, "/auth/keys", "/auth/token"),
            "GET /auth/authorize": ("authorize", self.authorize),
            "POST /auth/authorize": ("authorize", self.authorize),
            "POST /auth/revoke": ("revoke", self._revoke),
        }

    def discovery(self, asked: Received) -> dict[str, object]:
        """Give the discovery document: no userinfo, no PKCE."""
        del asked
        url = self.url
        return {
            "issuer": url,
            "authorization_endpoint": f"{url}/auth/authorize",
            "token_endpoint": f"{url}/auth/token",
            "revocation_endpoint": f"{url}/auth/revoke",
            "jwks_uri": f"{url}/auth/keys",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "name"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "claims_supported": [
                "aud",
                "email",
                "email_verified",
                "exp",
                "iat",
                "is_private_email",
                "iss",
                "nonce",
                "sub",
            ],
        }

    def refused_request(self, asked: Received) -> Answer | None:
        """Refuse also what asks for a name or an address and wants no form."""
        wants = {"name", "email"} & set(asked.query.get("scope", "").split())
        if wants and asked.query.get("response_mode") != "form_post":
            return as_page(
                "invalid_request", "<p>response_mode must be form_post when name or email is requested.</p>", 400
            )
        return super().refused_request(asked)

    def answer_of(self, grant: Grant, code: str) -> dict[str, str]:
        """Give the code, and the first time the name."""
        person = grant.person
        is_first = person.handle not in self._told and "name" in grant.scopes
        self._told.add(person.handle)
        user = self.forged_user or (_user(person) if is_first else "")
        return {"code": code} | ({"user": user} if user else {})

    def is_our_client(self, asked: Received) -> bool:
        """Tell whether the secret was signed by the site's key, names it, and still counts."""
        return asked.form.get("client_id") == self.client_id and self._signed_by_us(asked.form.get("client_secret", ""))

    def redeem(self, asked: Received) -> Answer:
        """Give tokens for a code, or an access token for a refresh token."""
        if not self.is_our_client(asked):
            return self.token_error("invalid_client")
        if asked.form.get("grant_type") == "refresh_token":
            grant = self.grants.by_refresh(asked.form.get("refresh_token", ""), rotates=False)
            return self._as_apple(self._tokens(grant)) if grant else self.token_error("invalid_grant")
        found = self.grants.redeem(asked.form, self.now())
        if not isinstance(found, Grant):
            return self.token_error("invalid_grant")
        return self._as_apple(self._tokens(found) | {"refresh_token": self.grants.new_refresh(found, "r")})

    def token_error(self, error: str) -> Answer:
        """Name the error, and say no more."""
        return as_json({"error": error}, 400)

    def claims(self, grant: Grant, access: str) -> dict[str, object]:
        """Give what the ID token says."""
        person = grant.person
        shared = self._address(person) if "email" in grant.scopes else {}
        supported = {"nonce_supported": True} if "nonce" in grant.asked else {}
        return {
            **self.usual_claims(grant, access, 86400),
            "iss": self.url,
            "sub": f"{person.number:06d}.fake{person.number:028x}.{person.number:04d}",
            **supported,
            **shared,
            "auth_time": self.now(),
        }

    def id_token_header(self) -> dict[str, str]:
        """Give nothing more: Apple's tokens name no type."""
        return {}

    def _address(self, person: Someone) -> dict[str, object]:
        relayed = {"is_private_email": self._flag(is_true=True)} if person.hides_email else {}
        return {"email": _address_of(person), "email_verified": self._flag(is_true=person.is_proven), **relayed}

    def _flag(self, *, is_true: bool) -> object:
        return str(is_true).lower() if self.says_text else is_true

    def _tokens(self, grant: Grant) -> dict[str, object]:
        access = self.grants.new_access(grant, "a")
        id_token = self.id_token(grant, access)
        return {"access_token": access, "token_type": "Bearer", "expires_in": 3600, "id_token": id_token}

    def _as_apple(self, members: Mapping[str, object]) -> Answer:
        return Answer(200, msgspec.json.encode(members), "application/json;charset=ISO-8859-1")

    def _revoke(self, asked: Received) -> Answer:
        if not self.is_our_client(asked):
            return self.token_error("invalid_client")
        self.grants.end(asked.form.get("token", ""))
        return Answer(200)

    def _signed_by_us(self, secret: str) -> bool:
        try:
            signed, _, signature = secret.rpartition(".")
            raw = decode_base64url(signature)
            header, claims = (
                msgspec.json.decode(decode_base64url(part), type=dict[str, object]) for part in signed.split(".")
            )
            r_and_s = (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
            self._private.public_key().verify(encode_dss_signature(*r_and_s), signed.encode(), ec.ECDSA(SHA256()))
        except (InvalidSignature, msgspec.DecodeError, ValueError):
            return False
        return header.get("alg") == "ES256" and header.get("kid") == self.key_id and self._names_us(claims)

    def _names_us(self, claims: Mapping[str, object]) -> bool:
        issued, ends, now = claims.get("iat"), claims.get("exp"), self.now()
        if not isinstance(issued, int) or not isinstance(ends, int):
            return False
        is_in_time = now < ends <= now + _LONGEST_SECRET
        return (
            is_in_time
            and (claims.get("iss"), claims.get("sub")) == (self.team_id, self.client_id)
            and claims.get("aud") in (self.url, _APPLE)
        )


def _address_of(person: Someone) -> str:
    return f"relay{person.number}@privaterelay.appleid.com" if person.hides_email else person.email


def _user(person: Someone) -> str:
    first, last = person.given_and_family
    told = {"name": {"firstName": first, "lastName": last}, "email": _address_of(person)}
    return msgspec.json.encode(told).decode()
