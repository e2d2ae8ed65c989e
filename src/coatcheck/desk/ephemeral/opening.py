"""Which backing the short-lived tickets have: as `ephemeral.url` says."""

import importlib

from coatcheck.clock import Clock
from coatcheck.desk.ephemeral import Ephemeral
from coatcheck.desk.ephemeral.memory import InMemory
from coatcheck.desk.ephemeral.sql import InSql
from coatcheck.settings import Settings
from coatcheck.storage.database import Database


def open_ephemeral(settings: Settings, database: Database, clock: Clock) -> Ephemeral:
    """Open the store for short-lived tickets; nothing is connected yet.

    Args:
        settings: `ephemeral.url` decides.
        database: holds them when that is `sql`.
        clock: decides what has run out, in memory and SQL; Valkey has its own.

    Raises:
        ConfigurationError: the URL cannot be read.
    """
    if settings.ephemeral.url == "memory":
        return InMemory(clock)
    if settings.ephemeral.url == "sql":
        return InSql(database, clock)
    # By name: the client for Valkey takes memory and time to import, and most sites have none.
    opened: Ephemeral = importlib.import_module("coatcheck.desk.ephemeral.valkey").InValkey(settings.ephemeral.url)
    return opened
