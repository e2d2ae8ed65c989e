"""What counts as one address: an IPv4 address, an IPv6 /64, everything unknown."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coatcheck.limits.address import address_key


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:DB8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("", "unknown"),
    ],
)
def test_counts_an_address_under_its_key(address: str, key: str) -> None:
    assert address_key(address) == key


def test_refuses_what_is_no_address() -> None:
    with pytest.raises(ValueError, match="no IP address"):
        address_key("unknown")


@given(st.integers(1, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_two_addresses_share_a_key_just_when_they_share_their_64(network: int, one: int, other: int) -> None:
    first, second = (ipaddress.IPv6Address((network << 64) + host) for host in (one, other))
    neighbour = ipaddress.IPv6Address(((network ^ 1) << 64) + one)
    assert address_key(str(first)) == address_key(str(second))
    assert address_key(str(first)) != address_key(str(neighbour))
