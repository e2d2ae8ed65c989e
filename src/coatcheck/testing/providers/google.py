"""A fake of Google: OpenID Connect, and what is odd about it.

A slash in every code; more parameters in the callback than anybody asked for, `iss` among them though it is not
advertised; scopes that come back as long addresses; a refresh token at a consent alone.
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from coatcheck.testing.providers.grants import Grant
from coatcheck.testing.providers.openid import FakeOpenIdProvider
from coatcheck.testing.providers.people import Someone
from coatcheck.testing.providers.provider import Handler
from coatcheck.testing.providers.wire import Answer, Received, as_json
from coatcheck.upstream.provider import Endpoints

_DISCOVERY: Final = "/.well-known/openid-configuration"
_LONG: Final = {
    "email": "https://www.googleapis.com/auth/userinfo.email",
    "profile": "https://www.googleapis.com/auth/userinfo.profile",
}
_ERRORS: Final = {"invalid_client": ("Unauthorized", 401)}


class FakeGoogle(FakeOpenIdProvider):
    """Be Google. Set `short_issuer` to have ID tokens name the issuer without its scheme, as old ones do."""

    title = "Google"
    short_issuer = False
    key_name = "fake-google"
    code_prefix: ClassVar[str] = "4/0A"

    @property
    def addresses(self) -> Mapping[str, object]:
        """Where it is and what it is called, as a `Provider` has it."""
        url = self.url
        return {
            "issuer": url,
            "other_issuers": (url.partition("//")[2],),
            "endpoints": Endpoints(discovery=f"{url}{_DISCOVERY}"),
        }

    def routes(self) -> Mapping[str, tuple[str, Handler]]:
        """Give what answers, by method and path."""
        return {
            **self.token_routes(_DISCOVERY, "/oauth2/v3/certs", "/token"),
            "GET /o/oauth2/v2/auth": ("authorize", self.authorize),
            "POST /o/oauth2/v2/auth": ("authorize", self.authorize),
            "GET /v1/userinfo": ("userinfo", self._userinfo),
            "POST /revoke": ("revoke", self._revoke),
        }

    def discovery(self, asked: Received) -> dict[str, object]:
        """Give the discovery document; it is silent about `iss` in answers."""
        del asked
        url = self.url
        return {
            "issuer": url,
            "authorization_endpoint": f"{url}/o/oauth2/v2/auth",
            "token_endpoint": f"{url}/token",
            "userinfo_endpoint": f"{url}/v1/userinfo",
            "revocation_endpoint": f"{url}/revoke",
            "jwks_uri": f"{url}/oauth2/v3/certs",
            "response_types_supported": ["code", "token", "id_token", "code token", "code id_token", "none"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "claims_supported": ["aud", "email", "email_verified", "exp", "iat", "iss", "name", "picture", "sub"],
            "code_challenge_methods_supported": ["plain", "S256"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
        }

    def answer_of(self, grant: Grant, code: str) -> dict[str, str]:
        """Give the code, and all that comes with it."""
        scopes = [*_short_first(grant.scopes), *(_LONG[scope] for scope in grant.scopes if scope in _LONG)]
        hosted = {"hd": grant.person.hosted_domain} if grant.person.hosted_domain else {}
        return {
            "iss": self.url,
            "code": code,
            "scope": " ".join(scopes),
            "authuser": "0",
            **hosted,
            "prompt": "consent" if "consent" in grant.asked.get("prompt", "") else "none",
        }

    def redeem(self, asked: Received) -> Answer:
        """Give tokens for a code, or an access token for a refresh token."""
        if not self.is_our_client(asked):
            return self.token_error("invalid_client")
        if asked.form.get("grant_type") == "refresh_token":
            grant = self.grants.by_refresh(asked.form.get("refresh_token", ""), rotates=False)
            return as_json(self._tokens(grant)) if grant else _error("Token has been expired or revoked.")
        found = self.grants.redeem(asked.form, self.now())
        if isinstance(found, Grant):
            return as_json(self._tokens(found) | self._refresh_of(found))
        if found == "redirect_uri":
            return self.token_error("redirect_uri_mismatch")
        return _error("Code was already redeemed.") if found == "used" else self.token_error("invalid_grant")

    def token_error(self, error: str) -> Answer:
        """Say what is wrong, in as few words as Google."""
        words, status = _ERRORS.get(error, ("Bad Request", 400))
        return as_json({"error": error, "error_description": words}, status)

    def claims(self, grant: Grant, access: str) -> dict[str, object]:
        """Give what the ID token says."""
        issuer = self.url.partition("//")[2] if self.short_issuer else self.url
        told = {"iss": issuer, "azp": self.client_id, **_about(grant.person)}
        return told | self.usual_claims(grant, access, 3600)

    def _tokens(self, grant: Grant) -> dict[str, object]:
        access = self.grants.new_access(grant, "ya29.")
        return {
            "access_token": access,
            "expires_in": 3599,
            "scope": " ".join(_LONG.get(scope, scope) for scope in grant.scopes),
            "token_type": "Bearer",
            "id_token": self.id_token(grant, access),
        }

    def _refresh_of(self, grant: Grant) -> dict[str, object]:
        is_offline = grant.asked.get("access_type") == "offline" and "consent" in grant.asked.get("prompt", "")
        return {"refresh_token": self.grants.new_refresh(grant, "1//")} if is_offline else {}

    def _userinfo(self, asked: Received) -> Answer:
        grant = self.bearer(asked)
        return self.known_by(asked, _about(grant.person) if grant else {"sub": ""})

    def _revoke(self, asked: Received) -> Answer:
        if self.grants.end(asked.form.get("token", "") or asked.query.get("token", "")):
            return as_json({})
        return as_json({"error": "invalid_token", "error_description": "Token expired or revoked"}, 400)


def _error(words: str) -> Answer:
    return as_json({"error": "invalid_grant", "error_description": words}, 400)


def _short_first(scopes: tuple[str, ...]) -> list[str]:
    return sorted(scopes, key=lambda scope: scope == "openid")


def _about(person: Someone) -> dict[str, object]:
    given, family = person.given_and_family
    hosted = {"hd": person.hosted_domain} if person.hosted_domain else {}
    return {
        "sub": f"{100_000_000_000_000_000_000 + person.number}",
        **hosted,
        "email": person.email,
        "email_verified": person.is_proven,
        "name": person.name,
        "picture": "https://lh3.example/a/fake",
        "given_name": given,
        "family_name": family,
    }
