"""Network addresses: one text for each, so that no two spellings of one address are counted apart."""

import ipaddress
from functools import lru_cache


@lru_cache(maxsize=4096)  # of the few that ask at a time; a proxy's is asked with every request
def parse_address(text: str) -> str:
    """Give the canonical text of an IP address: IPv4 dotted, IPv6 compressed and in lower case.

    An IPv4 address written as IPv6 (`::ffff:1.2.3.4`, `::ffff:102:304`) becomes the IPv4 address; a zone
    (`%eth0`) is dropped.

    Args:
        text: an address alone, without port, brackets or spaces.

    Raises:
        ValueError: it is no IP address. The text is not repeated, as it comes from a stranger.

    See: RFC 5952; RFC 4291 section 2.5.5.2.
    """
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        raise ValueError("this is no IP address") from None
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.IPv6Address(int(parsed)))
