"""The audit room on PostgreSQL: every journey that all databases must do."""

from coatcheck.testing.clock import ManualClock
from tests.audit import journeys


async def test_two_sealers_and_writers(postgres_ready: str, clock: ManualClock) -> None:
    await journeys.two_sealers_and_writers(postgres_ready, clock)


async def test_two_sealers_begin(postgres_ready: str, clock: ManualClock) -> None:
    await journeys.two_sealers_begin(postgres_ready, clock)


async def test_damage_is_found(postgres_ready: str, clock: ManualClock) -> None:
    await journeys.damage_is_found(postgres_ready, clock)


async def test_flood_is_one_row(postgres_ready: str, clock: ManualClock) -> None:
    await journeys.flood_is_one_row(postgres_ready, clock)


async def test_old_rows_are_cut(postgres_ready: str, clock: ManualClock) -> None:
    await journeys.old_rows_are_cut(postgres_ready, clock)


async def test_export_reads_back(postgres_ready: str, clock: ManualClock) -> None:
    await journeys.export_reads_back(postgres_ready, clock)


async def test_late_commit(postgres_ready: str, clock: ManualClock) -> None:
    await journeys.late_commit(postgres_ready, clock)
