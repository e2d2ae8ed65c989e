"""Settings of the gateway: which reverse proxy may ask for whom, and for which hosts."""

import re
from functools import cached_property
from typing import ClassVar

from coatcheck.secret import Veiled

_SECRET = re.compile(r"[!-~]{32,1000}")
_HOST = re.compile(r"[a-z0-9][a-z0-9.-]{0,252}(:\d{1,5})?")


class GatewaySettings(Veiled, frozen=True, kw_only=True, dict=True):
    """Say who may ask at `/verify` on behalf of others: a proxy that has each request checked, then passes it on."""

    veils: ClassVar = frozenset({"secret"})

    secret: str | None = None
    """What the proxy sends in the header `Coatcheck-Gateway`, 32 characters at least, no spaces. Without it there is no
    `/verify`: an address alone is no proof, as other things run on the proxy's machine."""

    hosts: tuple[str, ...] = ()
    """The hosts it may ask for and the audience of each, such as `notes.example.org = https://notes.example.org`. A
    token that was made for one of them is refused by the others; any other host gets 403. No audience may be
    Coatcheck's own address: a service could call Coatcheck in the name of everybody who uses it."""

    def __post_init__(self) -> None:
        if self.secret is not None and not _SECRET.fullmatch(self.secret):
            raise ValueError(
                "gateway.secret must have at least 32 characters, none a space: `openssl rand -base64 32` draws one"
            )
        seen = set[str]()
        for line in self.hosts:
            host, equals, audience = (part.strip() for part in line.partition("="))
            if not equals or not _HOST.fullmatch(host) or not audience or " " in audience:
                raise ValueError(
                    f"gateway.hosts: {line!r:.80} must read like notes.example.org = https://notes.example.org"
                )
            if host in seen:
                raise ValueError(f"gateway.hosts: {host} stands there twice")
            seen.add(host)

    @cached_property
    def audiences(self) -> dict[str, str]:
        """The audience of each host."""
        pairs = (line.partition("=") for line in self.hosts)
        return {host.strip(): audience.strip() for host, _, audience in pairs}
