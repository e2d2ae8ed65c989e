"""A fake of Microsoft Entra ID: OpenID Connect for many tenants, and what is odd about it.

Discovery of `common` names an issuer with `{tenantid}` in it, to be filled from the ID token; an `email` that the
person's own administrator typed; errors with AADSTS numbers; no revocation, and no word of PKCE, which works.
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from coatcheck.clock import rfc3339
from coatcheck.testing.providers.grants import Grant, Wrong
from coatcheck.testing.providers.openid import FakeOpenIdProvider
from coatcheck.testing.providers.people import PERSONAL_TENANT, Someone
from coatcheck.testing.providers.provider import Handler
from coatcheck.testing.providers.wire import Answer, Received, as_json, as_page
from coatcheck.upstream.provider import Endpoints

_TRACE: Final = "00000000-1111-2222-3333-444444444444"
_CORRELATION: Final = "55555555-6666-7777-8888-999999999999"
_OF_CODES: Final[Mapping[Wrong, int]] = {
    "unknown": 70008,
    "used": 54005,
    "expired": 70008,
    "redirect_uri": 500112,
    "verifier": 501481,
}
AADSTS: Final[Mapping[int, tuple[str, str]]] = {
    50011: ("invalid_client", "The redirect URI specified in the request does not match the ones that are configured."),
    50020: ("interaction_required", "User account does not exist in tenant and cannot access the application."),
    50076: ("interaction_required", "Due to a configuration change you must use multi-factor authentication."),
    50194: ("invalid_request", "Application is not configured as a multi-tenant application."),
    54005: (
        "invalid_grant",
        "OAuth2 Authorization code was already redeemed, please retry with a new valid code "
        "or use an existing refresh token.",
    ),
    65001: ("invalid_grant", "The user or administrator has not consented to use the application."),
    70008: ("invalid_grant", "The provided authorization code or refresh token has expired."),
    70011: ("invalid_scope", "The provided value for the input parameter 'scope' is not valid."),
    500112: ("invalid_grant", "The reply address does not match the one in the authorization request."),
    501481: ("invalid_grant", "The Code_Verifier does not match the code_challenge of the authorization request."),
    700016: ("unauthorized_client", "Application was not found in the directory."),
    7000215: ("invalid_client", "Invalid client secret provided."),
    7000222: ("invalid_client", "The provided client secret keys are expired."),
}
"""`error` and words by number: `microsoft.refuse("7000222", at="token")` answers with one of them."""


class FakeMicrosoft(FakeOpenIdProvider):
    """Be Microsoft.

    Set `tenant` to what the site asks under, and `leaves_out_state` to have errors come back without it.
    """

    title = "Microsoft"
    tenant = "common"
    leaves_out_state = False
    key_name = "fake-ms"
    code_prefix: ClassVar[str] = "1."

    @property
    def addresses(self) -> Mapping[str, object]:
        """Where it is and what it is called under `tenant`, as a `Provider` has it."""
        discovery = f"{self.url}/{self.tenant}/v2.0/.well-known/openid-configuration"
        return {"issuer": self.issuer_of(self.tenant), "endpoints": Endpoints(discovery=discovery)}

    def issuer_of(self, tenant: str) -> str:
        """Give the issuer that the discovery document of a tenant names."""
        return f"{self.url}/{_filled(tenant)}/v2.0"

    def routes(self) -> Mapping[str, tuple[str, Handler]]:
        """Give what answers, by method and path, under every tenant and the three that are none."""
        tenants = {"common", "organizations", "consumers", self.tenant, *(each.tenant for each in self.people.values())}
        found: dict[str, tuple[str, Handler]] = {"GET /oidc/userinfo": ("userinfo", self._userinfo)}
        for tenant in sorted(tenants):
            discovery, keys = f"/{tenant}/v2.0/.well-known/openid-configuration", f"/{tenant}/discovery/v2.0/keys"
            found |= self.token_routes(discovery, keys, f"/{tenant}/oauth2/v2.0/token")
            found |= {
                f"{verb} /{tenant}/oauth2/v2.0/authorize": ("authorize", self.authorize) for verb in ("GET", "POST")
            }
        return found

    def discovery(self, asked: Received) -> dict[str, object]:
        """Give the discovery document of a tenant: nothing of PKCE, nothing of revocation."""
        tenant = _tenant(asked)
        there = f"{self.url}/{tenant}"
        return {
            "token_endpoint": f"{there}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": f"{there}/discovery/v2.0/keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": self.issuer_of(tenant),
            "userinfo_endpoint": f"{self.url}/oidc/userinfo",
            "authorization_endpoint": f"{there}/oauth2/v2.0/authorize",
            "claims_supported": [
                "sub",
                "iss",
                "aud",
                "exp",
                "iat",
                "nonce",
                "preferred_username",
                "name",
                "tid",
                "email",
            ],
            "tenant_region_scope": None,
            "cloud_instance_name": "microsoftonline.com",
        }

    def serve_keys(self, asked: Received) -> Answer:
        """Answer with the key set; each key names the issuer it is for."""
        return as_json(self.keys.jwks(issuer=self.issuer_of(_tenant(asked))))

    def authorize(self, asked: Received) -> Answer:
        """Show the page; a person of another tenant than the one that is asked stays here."""
        person = self.people.get(asked.form.get("person", ""))
        if person is not None and not _may_enter(person, _tenant(asked)):
            return _page(50020)
        return super().authorize(asked)

    def other_address(self, asked: Received) -> Answer:
        """Refuse in a page: nothing is sent to an address that is not registered."""
        del asked
        return _page(50011)

    def answer_of(self, grant: Grant, code: str) -> dict[str, str]:
        """Give the code, and `session_state`."""
        return {"code": code, "session_state": f"0000000{grant.person.number}-aaaa-4bbb-8ccc-dddddddddddd"}

    def error_of(self, error: str) -> dict[str, str]:
        """Give an error, in Microsoft's words for a person who cancels."""
        words = "the user canceled the authentication" if error == "access_denied" else error
        return {"error": error, "error_description": words}

    def send_back(self, asked: Mapping[str, str], answer: Mapping[str, str]) -> Answer:
        """Send the browser back, without `state` where a test wants errors so."""
        is_bare = self.leaves_out_state and "error" in answer
        return super().send_back(
            {name: it for name, it in asked.items() if name != "state"} if is_bare else asked, answer
        )

    def redeem(self, asked: Received) -> Answer:
        """Give tokens for a code, or for a refresh token."""
        if not self.is_our_client(asked):
            return self.token_error("7000215")
        if asked.form.get("grant_type") == "refresh_token":
            grant = self.grants.by_refresh(asked.form.get("refresh_token", ""), rotates=True)
            return as_json(self._tokens(grant)) if grant else self.token_error("70008")
        found = self.grants.redeem(asked.form, self.now())
        return as_json(self._tokens(found)) if isinstance(found, Grant) else self.token_error(str(_OF_CODES[found]))

    def token_error(self, error: str) -> Answer:
        """Say what is wrong by an AADSTS number; a word such as `invalid_grant` takes the first that has it."""
        number = int(error) if error.isdigit() else _number_of(error)
        name, words = AADSTS.get(number, (error, "Something is wrong."))
        at = rfc3339(self.now() * 1000).replace("T", " ")
        told = f"AADSTS{number}: {words} Trace ID: {_TRACE} Correlation ID: {_CORRELATION} Timestamp: {at}"
        members = {"error": name, "error_description": told, "error_codes": [number], "timestamp": at}
        return as_json(
            members | {"trace_id": _TRACE, "correlation_id": _CORRELATION}, 401 if name == "invalid_client" else 400
        )

    def claims(self, grant: Grant, access: str) -> dict[str, object]:
        """Give what an ID token of version 2.0 says; it has no `at_hash`."""
        person, usual = grant.person, self.usual_claims(grant, access, 3600)
        del usual["at_hash"]
        asked = {"email": person.email} if "email" in grant.scopes else {}
        edov = {} if person.edov is None else {"xms_edov": person.edov}
        return {
            **usual,
            "iss": f"{self.url}/{person.tenant}/v2.0",
            "nbf": self.now(),
            "name": person.name,
            "oid": f"0000000{person.number}-1111-4222-8333-44444444444a",
            "preferred_username": person.email,
            **asked,
            **edov,
            "rh": "ignore",
            "sub": f"FAKEpairwise{person.handle}",
            "tid": person.tenant,
            "uti": "FAKEuti",
            "ver": "2.0",
        }

    def _tokens(self, grant: Grant) -> dict[str, object]:
        access = self.grants.new_access(grant, "opaque.")
        refresh = {"refresh_token": self.grants.new_refresh(grant, "1.")} if "offline_access" in grant.scopes else {}
        return {
            "token_type": "Bearer",
            "scope": " ".join(scope for scope in grant.scopes if scope != "offline_access"),
            "expires_in": 3599,
            "ext_expires_in": 3599,
            "access_token": access,
            **refresh,
            "id_token": self.id_token(grant, access),
        }

    def _userinfo(self, asked: Received) -> Answer:
        grant = self.bearer(asked)
        return self.known_by(asked, _about(grant.person) if grant else {"sub": ""})


def _tenant(asked: Received) -> str:
    return asked.path.split("/")[1]


def _filled(tenant: str) -> str:
    """Give what stands for the tenant in an issuer."""
    return {"common": "{tenantid}", "organizations": "{tenantid}", "consumers": PERSONAL_TENANT}.get(tenant, tenant)


def _may_enter(person: Someone, tenant: str) -> bool:
    match tenant:
        case "common":
            return True
        case "organizations":
            return person.tenant != PERSONAL_TENANT
        case "consumers":
            return person.tenant == PERSONAL_TENANT
    return person.tenant == tenant


def _number_of(error: str) -> int:
    return next((number for number, (name, _) in AADSTS.items() if name == error), 90000)


def _page(number: int) -> Answer:
    return as_page(
        "Sorry, but we're having trouble signing you in.", f"<p>AADSTS{number}: {AADSTS[number][1]}</p>", 400
    )


def _about(person: Someone) -> dict[str, object]:
    given, family = person.given_and_family
    return {
        "sub": f"FAKEpairwise{person.handle}",
        "name": person.name,
        "family_name": family,
        "given_name": given,
        "picture": "https://graph.microsoft.com/v1.0/me/photo/$value",
        "email": person.email,
    }
