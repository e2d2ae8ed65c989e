"""What is asked for in one turn of the loop is signed together, each by its own key, and one's failure is one's own."""

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from coatcheck.keys.signed_together import SignedTogether
from coatcheck.keys.signing_key import SigningKey
from tests.keys.checking import is_good, parts_of
from tests.keys.sites import keys_of, signing_site


async def test_each_gets_its_own(tmp_path: Path) -> None:
    async with signing_site(tmp_path, "ES256") as site:
        key, together = await keys_of(site).current(), site.desk.keep(SignedTogether)
        payloads = [b'{"n":%d}' % number for number in range(50)]
        tokens = await asyncio.gather(*(together.sign(key, "at+jwt", payload) for payload in payloads))
        [jwk] = keys_of(site).jwks()["keys"]
        for payload, token in zip(payloads, tokens, strict=True):
            _, said, signed, signature = parts_of(token)
            assert said == payload
            assert is_good(jwk, signature, signed)
        assert parts_of(await together.sign(key, "at+jwt", b"{}"))[1] == b"{}", "and whoever comes later"


async def test_they_are_signed_in_a_row(tmp_path: Path) -> None:
    async with signing_site(tmp_path) as site:
        steps: list[str] = []

        class Noting(SigningKey, frozen=True, eq=False):
            def sign(self, signed: bytes) -> bytes:
                steps.append("sign")
                return super().sign(signed)

        key, together = await keys_of(site).current(), site.desk.keep(SignedTogether)
        noting = Noting(key.kid, key.algorithm, key.signer)

        async def ask() -> None:
            steps.append("ask")
            await together.sign(noting, "at+jwt", b"{}")
            steps.append("go on")

        await asyncio.gather(ask(), ask(), ask())
        assert steps == ["ask"] * 3 + ["sign"] * 3 + ["go on"] * 3


async def test_one_that_fails_and_one_that_went_away_harm_no_other(tmp_path: Path) -> None:
    async with signing_site(tmp_path) as site:
        key, together = await keys_of(site).current(), site.desk.keep(SignedTogether)

        def fail(_: bytes) -> bytes:
            raise ValueError("this key does not sign")

        broken = replace(key, signer=replace(key.signer, sign=fail))
        gone = asyncio.create_task(together.sign(key, "at+jwt", b"{}"))
        failing = asyncio.create_task(together.sign(broken, "at+jwt", b"{}"))
        good = asyncio.create_task(together.sign(key, "at+jwt", b"{}"))
        await asyncio.sleep(0)
        gone.cancel()
        assert parts_of(await good)[1] == b"{}"
        with pytest.raises(ValueError, match="does not sign"):
            await failing
        with pytest.raises(asyncio.CancelledError):
            await gone
