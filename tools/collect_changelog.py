"""Moves the fragments of changelog.d into CHANGELOG.md, as a release.

python tools/collect_changelog.py VERSION DATE
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CHANGELOG = ROOT / "CHANGELOG.md"
FRAGMENTS = ROOT / "changelog.d"
MARK = "<!-- releases -->\n"
KINDS = {"security": "Security", "added": "Added", "changed": "Changed", "removed": "Removed", "fixed": "Fixed"}


def fragments() -> list[Path]:
    """List the fragments, oldest name first."""
    return sorted(path for path in FRAGMENTS.glob("*.md") if path.name != "README.md")


def kind_of(fragment: Path) -> str:
    """Give the kind that a fragment's name says."""
    return fragment.stem.rpartition(".")[2]


def release(version: str, date: str, texts: list[tuple[str, str]]) -> str:
    """Write the section of one release from (kind, text) pairs."""
    parts = [f"## {version} ({date})"]
    for kind, title in KINDS.items():
        lines = [f"- {' '.join(text.split())}" for of_kind, text in texts if of_kind == kind]
        if lines:
            parts += [f"### {title}", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def collect(version: str, date: str) -> int:
    """Move every fragment into the changelog; give how many there were."""
    found = fragments()
    section = release(version, date, [(kind_of(path), path.read_text("utf-8")) for path in found])
    before, mark, after = CHANGELOG.read_text("utf-8").partition(MARK)
    CHANGELOG.write_text(f"{before}{mark}\n{section}{after}", "utf-8")
    for path in found:
        path.unlink()
    return len(found)


if __name__ == "__main__":
    print(f"{collect(*sys.argv[1:3])} changes")
