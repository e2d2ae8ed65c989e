"""What counts as one address: what one customer of a network is handed, so that rotating inside it gains nothing."""

import ipaddress

from coatcheck.address import parse_address

UNKNOWN = "unknown"


def address_key(address: str) -> str:
    """Give what tries from an address are counted under: an IPv4 address itself, of an IPv6 address its /64.

    Args:
        address: an IP address in any spelling; empty when unknown, and all unknown ones are counted together.

    Raises:
        ValueError: it is no IP address.

    See: RFC 6177 section 2 (a site is handed a /64 and more).
    """
    if not address:
        return UNKNOWN
    canonical = parse_address(address)
    if ":" not in canonical:
        return canonical
    return str(ipaddress.IPv6Network((canonical, 64), strict=False))
