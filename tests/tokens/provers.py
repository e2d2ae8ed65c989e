"""Clients that hold a key and prove it, as an installation of an app does; each part of a proof can be wrong."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

from coatcheck.tokens.proof import for_next_proof
from coatcheck.verifier.jwk import thumbprint
from coatcheck.visit import Asked, Visit
from tests.site import ORIGIN, PASSWORD, VISIT, Site
from tests.verifier.proofs import bare_jwk, proof_header, proof_of
from tests.verifier.tokens import Signer, signer

SIGN_IN, REFRESH, SIGN_OUT = f"{ORIGIN}/api/sign-in", f"{ORIGIN}/api/token/refresh", f"{ORIGIN}/api/sign-out"
_numbers = count(1)


@dataclass
class Prover:
    """Hold a key, and prove it to a site.

    Args:
        site: whose time and nonces its proofs have.
        key: what it signs by.
    """

    site: Site
    key: Signer = field(default_factory=lambda: signer("ES256"))

    @property
    def jkt(self) -> str:
        """The thumbprint of its key."""
        return thumbprint(bare_jwk(self.key))

    def another_key(self) -> Signer:
        """Give a key that is not its own."""
        return signer("EdDSA" if self.key.algorithm == "ES256" else "ES256")

    def proof(self, url: str = SIGN_IN, **changes: Any) -> str:
        """Make a proof for a POST now; `changes` are claims, and None takes one away."""
        good = {
            "jti": f"proof-{next(_numbers):012}",
            "htm": "POST",
            "htu": url,
            "iat": self.site.clock.now() // 1000,
            "nonce": nonce_of(self.site),
        }
        claims = {name: value for name, value in (good | changes).items() if value is not None}
        return proof_of(self.key, proof_header(self.key), claims)

    def visit(self, url: str, proof: str | None = None) -> Visit:
        """Visit one address with a proof."""
        return visit_with(url, proof or self.proof(url))

    async def sign_in(self, proof: str | None = None, **more: object) -> httpx.Response:
        """Sign in as Ann, by her password, for tokens that are bound to the key."""
        body = {"identifier": "ann@example.org", "password": PASSWORD, "present": "tokens", **more}
        return await self.post("/api/sign-in", body, proof or self.proof())

    async def refresh(self, token: str, proof: str | None = None) -> httpx.Response:
        """Refresh by a token."""
        return await self.post("/api/token/refresh", {"refresh_token": token}, proof or self.proof(REFRESH))

    async def post(self, path: str, body: dict[str, Any], proof: str | None = None) -> httpx.Response:
        """Send a call, with a proof or without."""
        headers = {} if proof is None else {"dpop": proof}
        async with self.site.machine() as client:
            return await client.post(path, json=body, headers=headers)


def visit_with(url: str, proof: str) -> Visit:
    """Visit one address with a proof that is made already."""
    asked = Asked(method="POST", url=url, dpop=proof)
    return Visit(asked=asked, address=VISIT.address, user_agent=VISIT.user_agent, base_url=ORIGIN)


def nonce_of(site: Site) -> str:
    """Give the nonce that a site gives out now."""
    return for_next_proof(site.desk, Visit(asked=Asked(dpop="")))["dpop-nonce"]
