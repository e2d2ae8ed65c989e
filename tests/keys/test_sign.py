"""A payload becomes a compact JWS that names its key and its kind."""

from pathlib import Path

import pytest

from coatcheck.keys.algorithms import ALGORITHMS
from coatcheck.keys.sign import sign_jws
from tests.keys.checking import is_good, is_good_mac, parts_of
from tests.keys.sites import keys_of, signing_site

PAYLOAD = '{"iss":"https://auth.example.org","words":"žlutý kůň"}'.encode()


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
async def test_a_token(tmp_path: Path, algorithm: str) -> None:
    async with signing_site(tmp_path, algorithm) as site:
        key = await keys_of(site).current()
        header, payload, signed, signature = parts_of(sign_jws(key, "at+jwt", PAYLOAD))
        assert header == {"alg": algorithm, "kid": key.kid, "typ": "at+jwt"}
        assert payload == PAYLOAD
        public = keys_of(site).verifying(key.kid)
        assert public is not None
        if algorithm == "HS256":
            assert isinstance(public.public, bytes)
            assert is_good_mac(public.public, signature, signed)
        else:
            [jwk] = keys_of(site).jwks()["keys"]
            assert jwk["kid"] == key.kid
            assert is_good(jwk, signature, signed)


async def test_each_kind_has_its_own_header(tmp_path: Path) -> None:
    async with signing_site(tmp_path) as site:
        key = await keys_of(site).current()
        kinds = ["at+jwt", "statuslist+jwt", "at+jwt", "statusfeed+jwt"]
        assert [parts_of(sign_jws(key, typ, b"{}"))[0]["typ"] for typ in kinds] == kinds
        assert len(key.headers) == 3, "made once a kind"
