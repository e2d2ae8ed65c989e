"""Loads what speaks to providers with the first of them: most sites have none, and pay nothing for it."""

import importlib
from typing import Any


def when_asked(module: str) -> Any:
    """Give a module of this room, loaded now if it was not.

    Args:
        module: its name within the room, such as `oauth.identify`.
    """
    return importlib.import_module(f"coatcheck.upstream.{module}")
