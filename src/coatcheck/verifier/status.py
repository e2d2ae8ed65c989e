"""The status lists in memory: one bit an index, set when what holds that index was revoked."""

from collections.abc import Iterator

MOST_INDICES = 1 << 20
"""How many indices a list has at the most; as a bitmap 131,072 bytes."""


class UnknownList(LookupError):
    """Say that a status list is not held here."""


class UnknownIndex(LookupError):
    """Say that an index lies outside its status list."""


class StatusLists:
    """Hold bitmaps by the number of their list. Bit i is bit i % 8, the lowest first, of byte i // 8.

    Readers may be on other threads than the one that writes: each write puts one whole thing in place of another.

    See: IETF Token Status List section 4.1.
    """

    __slots__ = ("_lists",)

    def __init__(self) -> None:
        self._lists: dict[int, bytearray] = {}

    def __contains__(self, list_id: object) -> bool:
        return list_id in self._lists

    def __iter__(self) -> Iterator[int]:
        return iter(tuple(self._lists))

    @property
    def held_bytes(self) -> int:
        """How many bytes the bitmaps take."""
        return sum(bits.__sizeof__() for bits in tuple(self._lists.values()))

    def load(self, list_id: int, bits: bytes) -> None:
        """Hold a bitmap, in place of the one of that list if there is one.

        Raises:
            ValueError: the bitmap is larger than a list can be.
        """
        if len(bits) * 8 > MOST_INDICES:
            raise ValueError(f"a status list has at most {MOST_INDICES} indices")
        self._lists[list_id] = bytearray(bits)

    def add(self, list_id: int, bits: bytes) -> None:
        """Hold a bitmap; what was set before stays set.

        Raises:
            ValueError: the bitmap is larger than a list can be.
        """
        held = self._lists.get(list_id)
        if held is None:
            self.load(list_id, bits)
            return
        size = max(len(held), len(bits))
        both = int.from_bytes(held, "little") | int.from_bytes(bits, "little")
        self.load(list_id, both.to_bytes(size, "little"))

    def set(self, list_id: int, index: int) -> None:
        """Set the bit of an index; doing so twice does no harm.

        Raises:
            UnknownList: the list is not held.
            UnknownIndex: the index lies outside it.
        """
        bits = self._bits(list_id, index)
        bits[index >> 3] |= 1 << (index & 7)

    def is_set(self, list_id: int, index: int) -> bool:
        """Tell whether what holds an index was revoked.

        Raises:
            UnknownList: the list is not held.
            UnknownIndex: the index lies outside it.
        """
        return bool(self._bits(list_id, index)[index >> 3] >> (index & 7) & 1)

    def bits(self, list_id: int) -> bytes:
        """Give a copy of a bitmap.

        Raises:
            UnknownList: the list is not held.
        """
        return bytes(self._bits(list_id, 0))

    def forget(self, list_id: int) -> None:
        """Let a list go; its tokens are refused from now on."""
        self._lists.pop(list_id, None)

    def clear(self) -> None:
        """Let all lists go."""
        self._lists.clear()

    def _bits(self, list_id: int, index: int) -> bytearray:
        bits = self._lists.get(list_id)
        if bits is None:
            raise UnknownList(f"status list {list_id} is not held")
        if not 0 <= index < len(bits) << 3:
            raise UnknownIndex(f"status list {list_id} has no index {index}")
        return bits
