"""Which index a slot of a status list gets, so that neighbours in time are not neighbours in the list."""

import hashlib

_ROUNDS = 6


def scattered(slot: int, size: int, key: bytes) -> int:
    """Permute a slot within a list by a keyed Feistel network; every slot gets another index.

    Args:
        slot: 0 up to, not including, `size`.
        size: an even power of two, such as 2**20.
        key: the list's own random bytes.

    See: draft-ietf-oauth-status-list, section on unlinkability.
    """
    half_bits = (size.bit_length() - 1) // 2
    mask = (1 << half_bits) - 1
    left, right = slot >> half_bits, slot & mask
    for number in range(_ROUNDS):
        left, right = right, left ^ (_round(key, number, right) & mask)
    return (left << half_bits) | right


def _round(key: bytes, number: int, half: int) -> int:
    data = bytes([number]) + half.to_bytes(4, "big")
    return int.from_bytes(hashlib.blake2s(data, key=key, digest_size=4).digest(), "big")
