"""The metadata names what there is and nothing else."""

import pytest

from coatcheck.issuer import metadata as module
from coatcheck.issuer.metadata import metadata

ISSUER = "https://example.org/auth"


def test_what_there_is() -> None:
    assert metadata(ISSUER) == {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/.well-known/jwks.json"}


def test_a_room_adds_its_part_and_nothing_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    def tokens(issuer: str) -> dict[str, object]:
        return {"token_endpoint": f"{issuer}/oauth/token", "scopes_supported": [], "mtls": False}

    monkeypatch.setattr(module, "PARTS", (*module.PARTS, tokens))
    assert metadata(ISSUER) == {
        "issuer": ISSUER,
        "jwks_uri": f"{ISSUER}/.well-known/jwks.json",
        "token_endpoint": f"{ISSUER}/oauth/token",
        "mtls": False,
    }
