"""The form in which OpenSSL takes and gives an ECDSA signature: byte for byte as the library writes it."""

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from coatcheck.verifier.der import der_of, raw_of

NUMBERS = st.integers(1, 2**256 - 1) | st.integers(0, 255).map(lambda bits: 1 << bits) | st.integers(1, 300)


@given(NUMBERS, NUMBERS)
def test_it_is_what_the_library_writes(r: int, s: int) -> None:
    assert der_of(r.to_bytes(32), s.to_bytes(32)) == encode_dss_signature(r, s)


@given(NUMBERS, NUMBERS)
def test_the_librarys_form_is_read_back(r: int, s: int) -> None:
    assert raw_of(encode_dss_signature(r, s)) == r.to_bytes(32) + s.to_bytes(32)


@pytest.mark.parametrize("number", [1, 127, 128, 255, 256, 2**255 - 1, 2**255, 2**256 - 1])
def test_the_edges_too(number: int) -> None:
    assert der_of(number.to_bytes(32), bytes(31) + b"\1") == encode_dss_signature(number, 1)
