"""Measuring in turns, A B A B, so that whatever else the machine does meanwhile slows both alike."""

import gc
import time
from collections.abc import Awaitable, Callable, Mapping
from statistics import median

Measure = Callable[[], Awaitable[float]]


async def in_turns(rounds: int, measures: Mapping[str, Measure]) -> dict[str, float]:
    """Take each measure once a round, one round more than is counted; give the median of each."""
    taken: dict[str, list[float]] = {name: [] for name in measures}
    for number in range(rounds + 1):
        for name, measure in measures.items():
            gc.collect()
            figure = await measure()
            if number > 0:
                taken[name].append(figure)
    return {name: median(figures) for name, figures in taken.items()}


def each(count: int, work: Callable[[], Awaitable[None]]) -> Measure:
    """Make a measure of work that does something `count` times: microseconds for one."""

    async def measure() -> float:
        began = time.perf_counter()
        await work()
        return (time.perf_counter() - began) / count * 1e6

    return measure
