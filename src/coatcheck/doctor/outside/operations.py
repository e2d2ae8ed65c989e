"""What only operators are to see."""

from collections.abc import AsyncIterator
from typing import Final

from coatcheck.doctor.finding import Outcome
from coatcheck.doctor.fixes import set_to
from coatcheck.doctor.outside.check import Check
from coatcheck.doctor.outside.probe import Case, Probe
from coatcheck.doctor.principles import EVENTS

OPEN: Final = Check("operations-open", EVENTS, "medium")


async def look_at_operations(case: Case) -> AsyncIterator[Outcome]:
    """Ask for the metrics, and whether it is ready."""
    if case.target.is_this_machine:
        yield OPEN.not_run("this machine may ask for them: run the doctor on another")
        return
    seen = [await case.asking.get(path) for path in ("/metrics", "/readyz")]
    shown = [each.path for each in seen if each.status in (200, 503) and "html" not in each.header("content-type")]
    yield OPEN.judged(
        f"{' and '.join(shown)} can be seen from here" if shown else None,
        fix=set_to("server", "operators = []  # or the monitoring's addresses; if this machine is one, all is well"),
        right="metrics are for operators alone",
    )


PROBE: Final = Probe((OPEN,), look_at_operations)
