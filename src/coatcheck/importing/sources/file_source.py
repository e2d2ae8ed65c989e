"""What every source that is a file has: its rows found one way, each made into an account another way."""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from coatcheck.importing.account import BadRow, ImportedAccount, Row
from coatcheck.importing.files.found import Found
from coatcheck.importing.files.values import read_row

Finds: TypeAlias = Callable[[], Iterator[Found | BadRow]]


class FileSource:
    """Read the accounts of one file.

    Args:
        name: what the system is called.
        find: gives the rows of the file from the first, each time it is called.
        make: makes an account of one; it raises what `read_row` catches.
        id_names: where its id may stand, to name a bad row by.
    """

    def __init__(
        self, name: str, find: Finds, make: Callable[[dict[str, Any]], ImportedAccount], *id_names: str
    ) -> None:
        self._name = name
        self._find = find
        self._make = make
        self._id_names = id_names

    @property
    def name(self) -> str:
        """What the system is called."""
        return self._name

    def count(self) -> int | None:
        """Count the rows by reading through the file once, which is quick beside importing it.

        Raises:
            ConfigurationError: the file cannot be read.
        """
        return sum(1 for _ in self._find())

    def rows(self) -> Iterator[Row]:
        """Give every row, as the file has them.

        Raises:
            ConfigurationError: the file cannot be read.
        """
        for found in self._find():
            yield read_row(found, self._make, *self._id_names)
