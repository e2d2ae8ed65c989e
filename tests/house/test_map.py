"""MAP.md is as true as the code it was read from, and every place it names is there."""

import re

from tests.house.source import ROOT
from tools.make_map import PAGE, addresses, flows, page, storeys

LINK = re.compile(r"\]\(([^)#]+)\)")


def test_the_map_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `python tools/make_map.py`"


def test_every_place_on_the_map_is_there() -> None:
    places = set(LINK.findall(PAGE.read_text("utf-8")))
    assert [place for place in sorted(places) if not (ROOT / place).exists()] == []


def test_the_map_shows_the_ways_in_and_out() -> None:
    known = {flow.name: flow for flow in flows().values()}
    assert "POST /api/sign-in" in known["sign_in_with_password"].routes
    assert "sign_in.refused" in known["sign_in_with_password"].events
    assert "InvalidCredentials" in known["sign_in_with_password"].raises
    assert "POST /sign-out" in {str(address) for address in addresses()}


def test_the_drawing_of_the_storeys_is_the_one_that_is_checked() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    drawing = text.partition("<!-- storeys -->\n```\n")[2].partition("\n```")[0]
    drawn = [re.findall(r"\w+", line.partition("   ")[0]) for line in drawing.splitlines() if not line.startswith("  ")]
    assert drawn == storeys()
