"""Ask the DNS for TXT records, by the machine's own resolver."""

from typing import Final

import dns.asyncresolver
import dns.exception
import dns.resolver

WITHIN_S: Final = 5.0


async def look_up_txt(name: str, resolver: dns.asyncresolver.Resolver | None = None) -> list[str]:
    """Give the TXT records of a name, each with its parts put together; none where there are none.

    Args:
        resolver: whom to ask; the machine's own when left out.

    Raises:
        OSError: nobody answers, or the answer is an error.

    See: RFC 1035 section 3.3.14.
    """
    try:
        asked = resolver or dns.asyncresolver.Resolver()
        answer = await asked.resolve(f"{name}.", "TXT", lifetime=WITHIN_S)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException as error:
        raise OSError(f"{type(error).__name__}") from None
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]
