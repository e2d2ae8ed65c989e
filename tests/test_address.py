"""Every spelling of one address becomes one text."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coatcheck.address import parse_address


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("::FFFF:0102:0304", "1.2.3.4"),
        ("0:0:0:0:0:ffff:102:304", "1.2.3.4"),
        ("::ffff:1.2.3.4%eth0", "1.2.3.4"),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("2001:0db8::0001", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_gives_one_text_for_every_spelling(text: str, canonical: str) -> None:
    assert parse_address(text) == canonical


NOT_AN_ADDRESS = [
    "a",
    "1.2.3",
    "1.2.3.4.5",
    "01.2.3.4",
    "0x7f.0.0.1",
    "2130706433",
    "\u0661.2.3.4",
    ":::",
    "f" * 10_000,
]
MORE_THAN_AN_ADDRESS = [
    "1.2.3.4:80",
    "[::1]",
    "1.2.3.4/32",
    "::/0",
    "::1%",
    "1.2.3.4%eth0",
    " ::1",
    "::1\n",
    "::1\0",
    "",
]


@pytest.mark.parametrize("text", [*NOT_AN_ADDRESS, *MORE_THAN_AN_ADDRESS])
def test_refuses_what_is_no_address_and_does_not_repeat_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"^this is no IP address$"):
        parse_address(text)


@given(st.integers(0, 2**128 - 1), st.data())
def test_spellings_of_an_ipv6_address_never_differ(number: int, data: st.DataObject) -> None:
    address = ipaddress.IPv6Address(number)
    dotted = ":".join(address.exploded.split(":")[:6]) + f":{ipaddress.IPv4Address(number & 0xFFFFFFFF)}"
    spelling = data.draw(st.sampled_from([address.exploded, address.compressed, dotted]))
    assert parse_address(data.draw(st.sampled_from([spelling, spelling.upper(), spelling + "%1"]))) == parse_address(
        address.compressed
    )


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_the_canonical_text_is_its_own(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    once = parse_address(str(address))
    assert parse_address(once) == once
