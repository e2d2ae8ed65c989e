"""What other libraries find in a token: PyJWT, joserfc and npm's jose, each told by which keys and whom it is for."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet

from tests.servers.programs import ProgramMissingError, node_package, node_program

SCRIPT = Path(__file__).with_name("jose.mjs")
REQUIRED = ("exp", "iat", "sub", "jti", "client_id")
Found = dict[str, Any] | None


@dataclass(frozen=True)
class Theirs:
    """Read tokens as those do who have an issuer's published keys; None is what they give for one they refuse.

    Args:
        jwks: the published set.
        issuer: who must have issued a token.
        audience: whom it must be for.
        algorithms: which are accepted.
        now: the time, in seconds.
        leeway: seconds by which clocks may differ; ours allow for some where a time lies ahead.
    """

    jwks: dict[str, Any]
    issuer: str
    audience: str
    algorithms: Sequence[str]
    now: int
    leeway: int = 0

    def jose(self, tokens: Sequence[str]) -> list[Found]:
        """Give what npm's jose finds, which must be installed where tests must not be skipped."""
        try:
            node, package = node_program(), node_package("jose")
        except ProgramMissingError as missing:
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(str(missing))
        entry = json.loads((package / "package.json").read_text("utf-8"))["exports"]["."]["default"]
        job = {"jwks": self.jwks, "tokens": tokens, "issuer": self.issuer, "audience": self.audience}
        done = subprocess.run(
            [node, SCRIPT, (package / entry).as_uri()],
            input=json.dumps(job | {"algorithms": self.algorithms, "now": self.now, "leeway": self.leeway}),
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        found: list[Found] = json.loads(done.stdout)
        return found

    def pyjwt(self, token: str) -> Found:
        """Give what PyJWT finds; it goes by the machine's time."""
        try:
            kid = jwt.get_unverified_header(token)["kid"]
            key = jwt.PyJWKSet.from_dict(self.jwks)[kid]
            return jwt.decode(
                token,
                key,
                algorithms=list(self.algorithms),
                audience=self.audience,
                issuer=self.issuer,
                leeway=self.leeway,
                options={"require": list(REQUIRED)},
            )
        except (jwt.PyJWTError, KeyError):
            return None

    def joserfc(self, token: str) -> Found:
        """Give what joserfc finds."""
        keys = KeySet.import_key_set(self.jwks)  # type: ignore[arg-type]
        wanted: dict[str, Any] = {name: {"essential": True} for name in REQUIRED}
        wanted |= {"iss": {"essential": True, "value": self.issuer}, "aud": {"essential": True, "value": self.audience}}
        claims = joserfc_jwt.JWTClaimsRegistry(now=self.now, leeway=self.leeway, **wanted)
        try:
            read = joserfc_jwt.decode(token, keys, algorithms=list(self.algorithms))
            claims.validate(read.claims)
        except Exception:  # noqa: BLE001 (it refuses by errors of many kinds)
            return None
        return read.claims
