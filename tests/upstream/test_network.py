"""Addresses: what may be connected to, and what never."""

import pytest

from coatcheck.upstream.network import Kind, kind_of

KINDS: dict[Kind, tuple[str, ...]] = {
    "public": ("93.184.216.34", "100.63.255.255", "172.32.0.1", "2606:4700::1111", "64:ff9b::5db8:d822"),
    "loopback": ("127.0.0.1", "127.255.1.1", "::1"),
    "private": ("10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "fd12::1", "fc00::1"),
    "never": (
        "0.0.0.0",  # noqa: S104 (an address to be refused)
        "100.100.100.200",
        "168.63.129.16",
        "169.254.169.254",
        "192.0.0.192",
        "198.18.0.1",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:93.184.216.34",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "1.2.3",
        "localhost",
        "",
    ),
}


@pytest.mark.parametrize(("kind", "address"), [(kind, each) for kind, listed in KINDS.items() for each in listed])
def test_each_address_has_its_kind(kind: Kind, address: str) -> None:
    assert kind_of(address) == kind
