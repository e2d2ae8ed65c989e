"""Documents stay true: links lead somewhere, a flow's page is named as its file, a changelog fragment says its kind."""

import re
from pathlib import Path

import pytest

from tests.house.source import ROOT, SOURCE
from tools.collect_changelog import KINDS, fragments, kind_of, release

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
DECISION = re.compile(r"\d{4}-[a-z0-9-]+\.md")
DRAWN = ROOT / "docs" / "decisions" / "0016-flows-that-are-drawn.md"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("changelog.d/*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text("utf-8")) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_a_flow_is_drawn_under_its_own_name() -> None:
    drawn = [page.relative_to(ROOT / "docs" / "flows").with_suffix(".py") for page in ROOT.glob("docs/flows/**/*.md")]
    assert drawn
    assert [str(path) for path in drawn if not (SOURCE / path).exists()] == []


def test_the_flows_that_are_drawn_are_those_that_were_chosen() -> None:
    chosen = re.findall(r"^\| `(\w+/\w+)` \|", DRAWN.read_text("utf-8"), re.MULTILINE)
    pages = ROOT.glob("docs/flows/**/*.md")
    assert sorted(chosen) == sorted(str(page.relative_to(ROOT / "docs" / "flows").with_suffix("")) for page in pages)


def test_decisions_are_numbered_once_and_fit_on_a_page() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [page.name for page in pages if not DECISION.fullmatch(page.name)] == []
    assert len({page.name[:4] for page in pages}) == len(pages)
    for page in pages:
        text = page.read_text("utf-8")
        assert text.startswith(f"# {page.name[:4]}: ")
        assert [
            part for part in ("Context", "Decision", "Alternatives", "What we gave up") if f"## {part}" not in text
        ] == []
        assert len(text.splitlines()) <= 70, f"{page.name} is longer than a page"


def test_fragments_say_their_kind() -> None:
    assert [path.name for path in fragments() if kind_of(path) not in KINDS] == []


def test_a_release_lists_its_changes_by_kind() -> None:
    texts = [("fixed", "A small\nthing.\n"), ("security", "A hole.")]
    assert release("1.0", "2027-01-31", texts) == (
        "## 1.0 (2027-01-31)\n\n### Security\n\n- A hole.\n\n### Fixed\n\n- A small thing.\n"
    )
