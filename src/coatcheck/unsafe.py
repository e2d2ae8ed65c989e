"""Named values that switch a protection off. Nothing else does; `doctor` lists every one in use."""

from typing import Final


class Unsafe:
    """Name one protection that its owner chose to do without."""

    __slots__ = ("name", "risk")

    def __init__(self, name: str, risk: str) -> None:
        self.name = name
        self.risk = risk

    def __repr__(self) -> str:
        return f"coatcheck.unsafe.{self.name}"


PLAIN_HTTP: Final = Unsafe("PLAIN_HTTP", "passwords and cookies cross the network in clear")
SHARED_SECRET_TOKENS: Final = Unsafe(
    "SHARED_SECRET_TOKENS", "whoever can check a token can also make one: no other service may ever check ours"
)
NO_REVOCATION: Final = Unsafe("NO_REVOCATION", "a verifier takes revoked tokens until they run out by themselves")
ACCEPT_STALE: Final = Unsafe("ACCEPT_STALE", "a verifier cut off from the issuer takes tokens revoked since then")
ALL: Final = {value.name: value for value in (PLAIN_HTTP, SHARED_SECRET_TOKENS, NO_REVOCATION, ACCEPT_STALE)}
