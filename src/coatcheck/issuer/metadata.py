"""What the authorization server says of itself: exactly what there is, and nothing that is still to come."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from coatcheck.issuer.issue_token import CLIENT_CREDENTIALS
from coatcheck.verifier.proof_key import ALGORITHMS

Part: TypeAlias = Callable[[str], Mapping[str, Any]]
"""Gives some members, made from the issuer."""


ISSUE: Final = "/oauth/token"
INTROSPECT: Final = "/oauth/introspect"
REVOKE: Final = "/oauth/revoke"
_METHODS: Final = ("client_secret_basic", "client_secret_post", "private_key_jwt")
_SIGNED_BY: Final = ("RS256", "PS256", "ES256", "EdDSA")


def metadata(issuer: str) -> dict[str, Any]:
    """Describe the authorization server; each part adds what it serves.

    A member that would list nothing is left out; so is `response_types_supported` while nobody is sent here to sign in.

    Args:
        issuer: where we are reached, with the mount and no slash at its end.

    See: RFC 8414 sections 2, 3.2.
    """
    document: dict[str, Any] = {"issuer": issuer}
    for part in PARTS:
        document |= part(issuer)
    return {name: value for name, value in document.items() if value != []}


def _keys(issuer: str) -> Mapping[str, Any]:
    return {"jwks_uri": f"{issuer}/.well-known/jwks.json"}


def _status(issuer: str) -> Mapping[str, Any]:
    return {
        "status_list_aggregation_endpoint": f"{issuer}/status",
        "status_feed_endpoint": f"{issuer}/status/feed",
        "status_ack_endpoint": f"{issuer}/status/ack",
    }


def _tokens(issuer: str) -> Mapping[str, Any]:
    return {
        "token_endpoint": issuer + ISSUE,
        "grant_types_supported": [CLIENT_CREDENTIALS],
        "introspection_endpoint": issuer + INTROSPECT,
        "revocation_endpoint": issuer + REVOKE,
        **_client_authentication("token"),
        **_client_authentication("introspection"),
        **_client_authentication("revocation"),
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
    }


def _client_authentication(endpoint: str) -> Mapping[str, Any]:
    return {
        f"{endpoint}_endpoint_auth_methods_supported": list(_METHODS),
        f"{endpoint}_endpoint_auth_signing_alg_values_supported": list(_SIGNED_BY),
    }


PARTS: tuple[Part, ...] = (_keys, _status, _tokens)
"""A part for each thing that is served; whoever serves another adds its part here."""
