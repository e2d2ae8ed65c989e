"""The latest moves: indices that a session left and lived on, so that who presents one may be asked for a new token."""

from typing import Final

_MOST: Final = 4096


class Moves:
    """Remember the latest moves; an older one is taken for an end, which asks more of its holder and never less."""

    def __init__(self) -> None:
        self._moved: dict[int, None] = {}  # an ordered set of list and index in one number

    def note(self, list_id: int, index: int, *, has_moved: bool) -> None:
        """Note that the bit of an index was set, because its session moved or ended."""
        place = _place(list_id, index)
        self._moved.pop(place, None)
        if has_moved:
            self._moved[place] = None
            if len(self._moved) > _MOST:
                del self._moved[next(iter(self._moved))]

    def has(self, list_id: int, index: int) -> bool:
        """Tell whether an index was left by a session that lived on, as far as is remembered."""
        return _place(list_id, index) in self._moved

    def clear(self) -> None:
        """Forget all."""
        self._moved.clear()


def _place(list_id: int, index: int) -> int:
    return list_id << 32 | index
