"""The audit room on SQLite: every journey that all databases must do."""

from coatcheck.testing.clock import ManualClock
from tests.audit import journeys


async def test_two_sealers_and_writers(sqlite_ready: str, clock: ManualClock) -> None:
    await journeys.two_sealers_and_writers(sqlite_ready, clock)


async def test_two_sealers_begin(sqlite_ready: str, clock: ManualClock) -> None:
    await journeys.two_sealers_begin(sqlite_ready, clock)


async def test_damage_is_found(sqlite_ready: str, clock: ManualClock) -> None:
    await journeys.damage_is_found(sqlite_ready, clock)


async def test_flood_is_one_row(sqlite_ready: str, clock: ManualClock) -> None:
    await journeys.flood_is_one_row(sqlite_ready, clock)


async def test_old_rows_are_cut(sqlite_ready: str, clock: ManualClock) -> None:
    await journeys.old_rows_are_cut(sqlite_ready, clock)


async def test_export_reads_back(sqlite_ready: str, clock: ManualClock) -> None:
    await journeys.export_reads_back(sqlite_ready, clock)
