"""What docs/panic.md says of receipts is what they say: lines, states, the words of the JSON, the commands."""

import json
import re
from pathlib import Path
from typing import get_args

from coatcheck.ending.cut_everything import Cut, cut_everything
from coatcheck.ending.panic import panic
from coatcheck.ending.receipts.receipt import CUT, PROVIDER, VERIFIER, WORKER, State
from coatcheck.ending.receipts.shown import shown
from tests.site import VISIT, Site

PAGE = (Path(__file__).parents[2] / "docs" / "panic.md").read_text("utf-8")


def first_cells(head: str) -> set[str]:
    """Give the names in the first column of the table that has this head."""
    table = PAGE.partition(f"| {head} |")[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines()[2:] if line.startswith("|")]
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def test_every_line_and_every_state_has_its_words() -> None:
    assert first_cells("line | what") == set(CUT)
    assert first_cells("line | filled by | pending until") == {WORKER, PROVIDER, VERIFIER}
    assert first_cells("state | means") == set(get_args(State))


async def test_everything_that_is_cut_has_a_line(site: Site) -> None:
    ann = await site.person()
    async with site.desk.database.writing() as tx:
        cut: Cut = await cut_everything(tx, site.desk, account=ann.id)
    assert cut.counts.keys() == CUT.keys()


async def test_the_words_of_the_json(site: Site) -> None:
    ann = await site.person()
    receipt = await panic(site.desk, VISIT, account=ann.id, actor="operator")
    told = receipt.words(site.clock.now())
    block = PAGE.partition("--json\n")[2].partition("```")[0]
    written = json.loads(block)
    assert written.keys() == told.keys()
    assert {tuple(line) for line in written["lines"]} == {tuple(line) for line in told["lines"]}
    assert shown(receipt, site.clock.now())["called"].endswith("UTC")
