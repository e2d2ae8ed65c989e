"""Open a file of accounts as text: with a byte-order mark or without, packed by gzip or not."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from typing import Final, TextIO

from coatcheck.errors import ConfigurationError

_GZIP: Final = b"\x1f\x8b"
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@contextmanager
def open_text(path: Path, *, newline: str | None = None) -> Iterator[TextIO]:
    """Open a file; it is UTF-8 unless it says by a mark that it is UTF-16, as some Windows shells write.

    A byte that is no UTF-8 becomes a lone surrogate, which is found in its row: one such row does not take the others
    along.

    Args:
        newline: as `open` takes it; "" leaves the ends of lines as they are.

    Raises:
        ConfigurationError: there is no such file, it may not be read, or it is cut off.
    """
    try:
        with _unpacked(path) as file:
            start = file.read(3)
            file.seek(0)
            encoding = next((name for mark, name in _MARKS if start.startswith(mark)), "utf-8")
            errors = "strict" if encoding == "utf-16" else "surrogateescape"
            yield TextIOWrapper(file, encoding, errors, newline)
    except OSError as trouble:
        raise ConfigurationError(f"{path} cannot be read: {trouble.strerror or trouble}") from None
    except (EOFError, zlib.error, UnicodeDecodeError):
        raise ConfigurationError(f"{path} is cut off, or not what it seems to be") from None


def _unpacked(path: Path) -> gzip.GzipFile | BufferedReader:
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    return gzip.open(path, "rb") if packed else path.open("rb")
