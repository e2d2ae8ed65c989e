"""Which addresses of the network we may be sent to.

A provider's settings and its discovery document name hosts; whoever answers for such a name decides where it leads. So
rules are about addresses, and `wire.py` connects to the one that was judged.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, Literal, TypeAlias

from msgspec import Struct

Kind: TypeAlias = Literal["public", "loopback", "private", "never"]
Resolve: TypeAlias = Callable[[str, int], Awaitable[list[str]]]

_NEVER_4: Final = [
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.100.100.200/32",  # a cloud's metadata, within what providers share (CGNAT)
        "168.63.129.16/32",  # another cloud's, in public space
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
]
_PRIVATE_4: Final = [ip_network(text) for text in ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")]
_NEVER_6: Final = [
    ip_network(text)
    for text in (
        "2001::/23",  # Teredo, ORCHID and other protocols' own
        "2001:db8::/32",
        "2002::/16",  # 6to4 carries any IPv4 address
        "3fff::/20",
        "fd00:ec2::254/128",  # metadata
        "fd20:ce::254/128",  # metadata
    )
]
_PUBLIC_6, _PRIVATE_6, _NAT64 = ip_network("2000::/3"), ip_network("fc00::/7"), ip_network("64:ff9b::/96")


def kind_of(text: str) -> Kind:
    """Tell what kind of address one is; what is not known to be harmless is `never`.

    An IPv4 address in an IPv6 one is `never`, but for NAT64's own prefix (RFC 6052), by which networks without IPv4
    reach public addresses.

    See: RFC 6890; RFC 4291 section 2.5; ASVS 1.3.6 (SSRF).
    """
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return "never"
    return _kind_of_4(address) if isinstance(address, IPv4Address) else _kind_of_6(address)


def _kind_of_4(address: IPv4Address) -> Kind:
    if any(address in network for network in _NEVER_4):
        return "never"
    if address.is_loopback:
        return "loopback"
    return "private" if any(address in network for network in _PRIVATE_4) else "public"


def _kind_of_6(address: IPv6Address) -> Kind:
    if address in _NAT64:
        inner = _kind_of_4(IPv4Address(int(address) & 0xFFFF_FFFF))
        return "public" if inner == "public" else "never"
    if any(address in network for network in _NEVER_6):
        return "never"
    if address.is_loopback:
        return "loopback"
    if address in _PRIVATE_6:
        return "private"
    return "public" if address in _PUBLIC_6 else "never"


async def look_up(host: str, port: int) -> list[str]:
    """Ask the machine's resolver for the addresses of a host.

    Raises:
        OSError: there are none, or the resolver is away.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Bounds(Struct, frozen=True):
    """Say which addresses a provider may have beside public ones.

    Args:
        named: the networks that its settings name as the operator's own.
        is_local: whether the site itself is for this machine alone, so that providers on it are too.
        is_plain: whether it is asked without TLS, which is for this machine alone.
    """

    named: tuple[str, ...]
    is_local: bool
    is_plain: bool

    def refusal(self, address: str) -> str:
        """Say why an address is refused; empty where it is not."""
        kind = kind_of(address)
        if self.is_plain and kind != "loopback":
            return "plain http is for this machine alone"
        if kind == "public" or (kind == "loopback" and self.is_local) or (kind != "never" and self._names(address)):
            return ""
        return _WHY[kind]

    def _names(self, address: str) -> bool:
        return any(ip_address(address) in ip_network(each, strict=False) for each in self.named)


_WHY: Final[Mapping[Kind, str]] = {
    "loopback": "this machine, which `private_network` in the provider's settings does not name",
    "private": "a private network, which `private_network` in the provider's settings does not name",
    "never": "no provider's address: link-local, metadata, multicast, reserved, or one wrapped in another",
}
