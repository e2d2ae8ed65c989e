"""Who reaches us and how: whether it is this machine, by which host and scheme, and from which address."""

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

import msgspec

from coatcheck.address import parse_address
from coatcheck.errors import HttpsNeeded, UnknownHost
from coatcheck.settings import ServerSettings

_WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?|([0-9.]+):\d{1,5}", re.ASCII)
_LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_FORWARDING = frozenset({"forwarded", "via"})
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::[0-9]{1,5})?")


class Reached(msgspec.Struct, frozen=True):
    """Say how a request reached us, in the server's own words.

    Args:
        peer: the address at the other end of the connection, or empty.
        scheme: `http` or `https` as our own socket saw it.
        host: the `Host` header.
        headers: lower-case names.
    """

    peer: str
    scheme: str
    host: str
    headers: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Reached({self.scheme}://{self.host} from {self.peer})"


def is_local(reached: Reached, server: ServerSettings) -> bool:
    """Tell whether the person sits at this machine: the one function behind every rule that says so.

    The peer is loopback, and `Host` names this machine, and nothing says that it was forwarded, and no proxy is
    configured.
    """
    if server.trusted_proxies or not _is_loopback(reached.peer) or not is_this_machine(reached.host):
        return False
    return _FORWARDING.isdisjoint(reached.headers) and "\nx-forwarded-" not in "\n".join(("", *reached.headers))


def check_reached(reached: Reached, server: ServerSettings) -> None:
    """Refuse a host that is not ours, and plain HTTP unless it comes from this machine or a configured proxy.

    Raises:
        UnknownHost: `Host` is not that of `server.public_url`.
        HttpsNeeded: plain HTTP from afar.

    See: ASVS 12.2.1 (HTTPS), 4.1.2.
    """
    local = is_local(reached, server)
    if server.public_url is not None and reached.host.lower() != _authority(server.public_url):
        raise UnknownHost(f"Host {reached.host[:100]!r} is not the one of server.public_url")
    if server.public_url is None and not local:
        raise UnknownHost("server.public_url is not set, so only this machine is served")
    plain_chosen = (server.public_url or "").startswith("http://") and "PLAIN_HTTP" in server.unsafe
    if reached.scheme != "https" and not (local or plain_chosen or is_proxy(reached.peer, server)):
        raise HttpsNeeded("plain http from a peer that is no configured proxy")


def client_address(reached: Reached, server: ServerSettings) -> str:
    """Give the client's address: the rightmost in the configured header that is no configured proxy, or empty."""
    if not is_proxy(reached.peer, server):
        return _address_of(reached.peer)
    named = reached.headers.get(server.client_address_header.lower(), "")
    for hop in reversed(named.split(",")):
        address = _address_of(hop.strip())
        if not is_proxy(address, server):
            return address
    return ""


@lru_cache(maxsize=4096)
def _address_of(hop: str) -> str:
    """Give the address of one hop in its one spelling, or empty when it is none."""
    try:
        return parse_address(_without_port(hop))
    except ValueError:
        return ""


def _without_port(hop: str) -> str:
    """Give the address of `1.2.3.4:80` or `[::1]:80`, as some proxies write it."""
    found = _WITH_PORT.fullmatch(hop)
    return found[1] or found[2] if found else hop


def is_proxy(address: str, server: ServerSettings) -> bool:
    """Tell whether an address is a configured proxy."""
    return _is_in(address, server.trusted_proxies)


def is_operator(reached: Reached, server: ServerSettings) -> bool:
    """Tell whether a request may see how the server is doing: from this machine, or a configured address."""
    return is_local(reached, server) or _is_in(client_address(reached, server), server.operators)


@lru_cache(maxsize=4096)
def _is_in(address: str, networks: tuple[str, ...]) -> bool:
    try:
        parsed = ip_address(parse_address(address))
    except ValueError:
        return False
    return any(parsed in network for network in _networks(networks))


def is_this_machine(host: str) -> bool:
    """Tell whether a `Host` header, or the host of an address, names this machine."""
    return host_name(host) in _LOOPBACK_HOSTS


@lru_cache(maxsize=4096)
def host_name(host: str) -> str:
    """Give the name part of a `Host` header, without port and brackets, in lower case."""
    found = _HOST.fullmatch(host)
    return (found[1] or found[2]).lower() if found else ""


@lru_cache(maxsize=8)
def _authority(url: str) -> str:
    return urlsplit(url).netloc.lower()


@lru_cache(maxsize=4096)
def _is_loopback(peer: str) -> bool:
    try:
        return ip_address(parse_address(peer)).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=8)
def _networks(texts: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(text, strict=False) for text in texts)
