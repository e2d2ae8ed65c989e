"""Status lists in memory: the right bit, nothing outside, and no more bytes than promised."""

import pytest

from coatcheck.verifier.status import MOST_INDICES, StatusLists, UnknownIndex, UnknownList


def test_bit_i_is_counted_from_the_lowest_of_its_byte() -> None:
    """The vector of the draft, section 4.1: bytes b9 a3."""
    lists = StatusLists()
    lists.load(1, bytes([0xB9, 0xA3]))
    assert [lists.is_set(1, index) for index in range(16)] == [bit == "1" for bit in "1001110111000101"]


def test_a_bit_is_set_and_no_other() -> None:
    lists = StatusLists()
    lists.load(1, bytes(4))
    lists.set(1, 9)
    assert [index for index in range(32) if lists.is_set(1, index)] == [9]


@pytest.mark.parametrize("index", [-1, 32, 1 << 40])
def test_an_index_outside_is_never_answered(index: int) -> None:
    lists = StatusLists()
    lists.load(1, b"\xff" * 4)
    with pytest.raises(UnknownIndex):
        lists.is_set(1, index)
    with pytest.raises(UnknownIndex):
        lists.set(1, index)


def test_an_unknown_list_is_never_answered() -> None:
    lists = StatusLists()
    lists.load(1, bytes(4))
    lists.forget(1)
    lists.forget(2)
    with pytest.raises(UnknownList):
        lists.is_set(1, 0)
    lists.load(3, bytes(4))
    lists.clear()
    with pytest.raises(UnknownList):
        lists.set(3, 0)


def test_loading_replaces_and_adding_keeps() -> None:
    lists = StatusLists()
    lists.load(1, b"\x01")
    lists.add(1, b"\x02\x04")
    assert [index for index in range(16) if lists.is_set(1, index)] == [0, 1, 10]
    lists.load(1, b"\x02")
    assert not lists.is_set(1, 0)


def test_what_is_loaded_is_a_copy() -> None:
    first, second = StatusLists(), StatusLists()
    bits = bytes(1)
    first.load(1, bits)
    second.load(1, bits)
    first.set(1, 0)
    assert not second.is_set(1, 0)


def test_a_list_larger_than_any_is_refused() -> None:
    with pytest.raises(ValueError, match="at most"):
        StatusLists().load(1, bytes(MOST_INDICES // 8 + 1))


@pytest.mark.parametrize("count", [1, 10, 96])
def test_it_holds_one_bit_an_index_and_little_more(count: int) -> None:
    lists = StatusLists()
    for list_id in range(count):
        lists.load(list_id, bytes(MOST_INDICES // 8))
    assert lists.held_bytes <= count * MOST_INDICES // 8 * 1.01 + 65_536
