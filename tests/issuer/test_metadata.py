"""The metadata names what there is and nothing else."""

import pytest

from coatcheck.issuer import metadata as module
from coatcheck.issuer.metadata import metadata

ISSUER = "https://example.org/auth"


METHODS = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
SIGNED_BY = ["RS256", "PS256", "ES256", "EdDSA"]


def test_what_there_is() -> None:
    assert metadata(ISSUER) == {
        "issuer": ISSUER,
        "jwks_uri": f"{ISSUER}/.well-known/jwks.json",
        "status_list_aggregation_endpoint": f"{ISSUER}/status",
        "status_feed_endpoint": f"{ISSUER}/status/feed",
        "status_ack_endpoint": f"{ISSUER}/status/ack",
        "token_endpoint": f"{ISSUER}/oauth/token",
        "token_endpoint_auth_methods_supported": METHODS,
        "token_endpoint_auth_signing_alg_values_supported": SIGNED_BY,
        "grant_types_supported": ["client_credentials"],
        "introspection_endpoint": f"{ISSUER}/oauth/introspect",
        "introspection_endpoint_auth_methods_supported": METHODS,
        "introspection_endpoint_auth_signing_alg_values_supported": SIGNED_BY,
        "revocation_endpoint": f"{ISSUER}/oauth/revoke",
        "revocation_endpoint_auth_methods_supported": METHODS,
        "revocation_endpoint_auth_signing_alg_values_supported": SIGNED_BY,
        "dpop_signing_alg_values_supported": ["ES256", "EdDSA", "RS256", "PS256"],
    }


def test_a_room_adds_its_part_and_nothing_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    def more(issuer: str) -> dict[str, object]:
        return {"userinfo_endpoint": f"{issuer}/oauth/userinfo", "scopes_supported": [], "mtls": False}

    before = metadata(ISSUER)
    monkeypatch.setattr(module, "PARTS", (*module.PARTS, more))
    assert metadata(ISSUER) == {**before, "userinfo_endpoint": f"{ISSUER}/oauth/userinfo", "mtls": False}
