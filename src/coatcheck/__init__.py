"""Coatcheck: authentication for Python. One session behind every cookie and token."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coatcheck.server.coatcheck import Coatcheck as Coatcheck

__version__ = "0.1.0"
__all__ = ["Coatcheck"]


def __getattr__(name: str) -> Any:
    """Load `Coatcheck` when first asked for, so that `import coatcheck.verifier` stays light."""
    if name == "Coatcheck":
        from coatcheck.server.coatcheck import Coatcheck  # noqa: PLC0415 (see the docstring)

        return Coatcheck
    raise AttributeError(f"module 'coatcheck' has no attribute {name!r}")
