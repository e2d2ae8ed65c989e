"""Coatcheck: authentication for Python. One session behind every cookie and token."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coatcheck.server.coatcheck import Coatcheck as Coatcheck

__version__ = "0.1.0"
__all__ = ["Coatcheck"]


def __getattr__(name: str) -> Any:
    """Load `Coatcheck` when first asked for, so that `import coatcheck.verifier` stays light."""
    if name == "Coatcheck":
        with _looking_for_no_garbage():
            from coatcheck.server.coatcheck import Coatcheck  # noqa: PLC0415 (see the docstring)

        return Coatcheck
    raise AttributeError(f"module 'coatcheck' has no attribute {name!r}")


@contextmanager
def _looking_for_no_garbage() -> Iterator[None]:
    """Keep the garbage collector from what an import makes: it stays, and looking through it takes long."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
