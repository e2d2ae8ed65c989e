"""Bring the accounts of another system over: read → judge → keep, a batch at a time.

A run that was stopped is gone on with by running it again. All rows are read anew, and those that came over are known
by the table of them, so that a row which appeared meanwhile is not lost, whatever the order of the source's ids.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.errors import DatabaseAway
from coatcheck.importing import records
from coatcheck.importing.account import BadRow, ImportedAccount, Row, Source
from coatcheck.importing.arriving import Arriving
from coatcheck.importing.choices import Choices, Measure, measure_of
from coatcheck.importing.judge import judge
from coatcheck.importing.keep import CLASHES, Kept, Seen, keep_batch, sort_out
from coatcheck.importing.progress import Unwatched, Watch
from coatcheck.importing.reading import reading_of
from coatcheck.importing.report import Report
from coatcheck.visit import Visit

_TRIES: Final = 5
_PAUSE_SECONDS: Final = 1.0
_UNWATCHED: Final = Unwatched()
_log = structlog.get_logger("coatcheck.importing")


async def import_accounts(
    desk: Desk,
    visit: Visit,
    *,
    source: Source,
    choices: Choices,
    actor: str,
    is_dry: bool = True,
    watch: Watch = _UNWATCHED,
) -> Report:
    """Bring every account of a source over that can come, and report; a dry run keeps nothing.

    Raises:
        BadInput: a role or a provider that was chosen is none of ours.
        ConfigurationError: the source cannot be read.
        DatabaseAway: the database cannot be reached; run it again, and it goes on.

    See: attacks 62 and 74 (pre-hijacking) in docs/security/attacks.md.
    """
    by = await measure_of(desk, visit.base_url, choices)
    report, seen = Report(source=choices.name, is_dry=is_dry), set[int]()
    async with reading_of(source) as batches:
        watch.begun(await batches.count())
        async for batch in batches.all():
            report.rows += len(batch)
            new = await _not_here(desk, choices.name, batch, report)
            judged = _judged(new, by, report, watch)
            kept = await _kept(desk, visit, judged, seen, choices.name, actor, is_dry=is_dry)
            _count(kept, report, watch)
            watch.moved(report)
    if not is_dry:
        await _record_done(desk, visit, report, actor)
    return report


async def _not_here(desk: Desk, source: str, batch: Sequence[Row], report: Report) -> list[Row]:
    """Give the rows that have not come over yet: the others are not judged again."""
    keys = {id(row): records.key_of(source, row.external_id) for row in batch if isinstance(row, ImportedAccount)}
    async with desk.database.reading() as db:
        here = await records.here_of(db, list(keys.values()))
    new = [row for row in batch if keys.get(id(row)) not in here]
    report.here += len(batch) - len(new)
    return new


def _judged(rows: Sequence[Row], by: Measure, report: Report, watch: Watch) -> list[Arriving]:
    judged: dict[str, Arriving] = {}
    for row in rows:
        verdict = row if isinstance(row, BadRow) else judge(row, by)
        if isinstance(verdict, BadRow):
            report.refuse(verdict)
            watch.refused(verdict)
        elif verdict.external_id in judged:
            report.here += 1
        else:
            judged[verdict.external_id] = verdict
    return list(judged.values())


async def _kept(
    desk: Desk, visit: Visit, judged: Sequence[Arriving], seen: Seen, source: str, actor: str, *, is_dry: bool
) -> Kept:
    if not judged:
        return Kept()
    if is_dry:
        async with desk.database.reading() as db:
            return await sort_out(db, judged, seen)
    for _ in range(_TRIES - 1):
        try:
            return await keep_batch(desk, visit, source=source, batch=judged, actor=actor)
        except (DatabaseAway, *CLASHES) as undone:
            # Undone as a whole: it waited in a ring with a sign-up, or the database was started again.
            _log.warning("import.batch_again", because=type(undone).__name__)
            await asyncio.sleep(_PAUSE_SECONDS)
    return await keep_batch(desk, visit, source=source, batch=judged, actor=actor)


def _count(kept: Kept, report: Report, watch: Watch) -> None:
    report.here += len(kept.here)
    for each in kept.came:
        report.take(each)
    for each, because in kept.collided:
        row = BadRow(each.external_id, because)
        report.refuse(row, collided=True)
        watch.refused(row)


async def _record_done(desk: Desk, visit: Visit, report: Report, actor: str) -> None:
    counted = {name: getattr(report, name) for name in ("rows", "came", "here", "collided", "bad")}
    async with desk.database.writing() as tx:
        await record(tx, desk, visit, "import.done", actor=actor, details={"source": report.source, **counted})
