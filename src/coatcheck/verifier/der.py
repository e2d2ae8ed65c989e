"""ECDSA signatures as OpenSSL has them: written and read here, as the library's way by numbers takes twice as long."""

_SEQUENCE = tuple(bytes((0x30, length)) for length in range(73))
_INTEGER = tuple(bytes((0x02, length)) for length in range(34))


def der_of(r: bytes, s: bytes) -> bytes:
    """Write two numbers above zero, of 32 bytes each, as `SEQUENCE { r INTEGER, s INTEGER }`.

    See: RFC 3279 section 2.2.3; X.690 section 8.3 (the shortest text; a first bit that is set would mean below zero).
    """
    both = _integer(r) + _integer(s)
    return _SEQUENCE[len(both)] + both


def raw_of(der: bytes) -> bytes:
    """Give the two numbers of what OpenSSL has signed, of 32 bytes each.

    See: RFC 7518 section 3.4.
    """
    end_of_r = 4 + der[3]
    return _fixed(der[4:end_of_r]) + _fixed(der[end_of_r + 2 :])


def _fixed(digits: bytes) -> bytes:
    return digits[-32:].rjust(32, b"\0")


def _integer(number: bytes) -> bytes:
    digits = number.lstrip(b"\0")
    return _INTEGER[len(digits)] + digits if digits[0] < 0x80 else _INTEGER[len(digits) + 1] + b"\0" + digits
