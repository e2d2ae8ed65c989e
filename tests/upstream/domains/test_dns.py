"""TXT records are read from a real answer of a DNS server on this machine, and a silence is no answer."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import dns.asyncresolver
import dns.message
import dns.rcode
import dns.rrset
import pytest

from coatcheck.upstream.domains.dns import look_up_txt

RECORDS = {
    "_coatcheck.acme.example.": ['"coatcheck-domain-proof=" "abc"', '"v=spf1 -all"'],
    "_coatcheck.bare.example.": [],
}


class Dns(asyncio.DatagramProtocol):
    """Answer what there is."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        asked = dns.message.from_wire(data)
        name = str(asked.question[0].name)
        answer = dns.message.make_response(asked)
        if name.startswith("_coatcheck.broken"):
            answer.set_rcode(dns.rcode.REFUSED)
        elif name not in RECORDS:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif RECORDS[name]:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *RECORDS[name]))
        self.transport.sendto(answer.to_wire(), addr)


@pytest.fixture
async def resolver() -> AsyncIterator[dns.asyncresolver.Resolver]:
    """Ask a server of our own."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Dns, local_addr=("127.0.0.1", 0))
    asking = dns.asyncresolver.Resolver(configure=False)
    asking.nameservers = ["127.0.0.1"]
    asking.port = transport.get_extra_info("sockname")[1]
    yield asking
    transport.close()


async def test_a_record_in_two_parts_is_one(resolver: dns.asyncresolver.Resolver) -> None:
    found = await look_up_txt("_coatcheck.acme.example", resolver)
    assert sorted(found) == ["coatcheck-domain-proof=abc", "v=spf1 -all"]


@pytest.mark.parametrize("domain", ["bare.example", "nowhere.example"])
async def test_where_there_is_none_there_is_none(resolver: dns.asyncresolver.Resolver, domain: str) -> None:
    assert await look_up_txt(f"_coatcheck.{domain}", resolver) == []


async def test_an_error_is_no_answer(resolver: dns.asyncresolver.Resolver) -> None:
    with pytest.raises(OSError, match="NoNameservers"):
        await look_up_txt("_coatcheck.broken.example", resolver)
