"""Reads a source in a thread of its own, a batch ahead of the writer, so that neither waits for the other."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from itertools import islice
from typing import Final

from coatcheck.importing.account import Row, Source

BATCH: Final = 500
"""Rows of one transaction: large enough that its commit is little of it, small enough that nobody waits for it."""


class Batches:
    """Give a source's rows by batches."""

    def __init__(self, source: Source, thread: ThreadPoolExecutor) -> None:
        self._source = source
        self._thread = thread

    async def count(self) -> int | None:
        """Give how many rows there are, where the source knows."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._source.count)

    async def all(self) -> AsyncIterator[list[Row]]:
        """Give every batch, while the next one is being read."""
        loop, rows = asyncio.get_running_loop(), self._source.rows()
        coming = loop.run_in_executor(self._thread, lambda: list(islice(rows, BATCH)))
        while batch := await coming:
            coming = loop.run_in_executor(self._thread, lambda: list(islice(rows, BATCH)))
            yield batch


@asynccontextmanager
async def reading_of(source: Source) -> AsyncIterator[Batches]:
    """Open a source for as long as it is read."""
    with ThreadPoolExecutor(1, thread_name_prefix="import") as thread:
        yield Batches(source, thread)
