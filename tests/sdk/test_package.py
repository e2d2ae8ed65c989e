"""What is published: npm's package holds what is served, its types and nothing else, and Python's holds it too."""

import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from coatcheck import __version__
from tests.house.source import ROOT
from tools.build_sdk import DIST, SDK, build

MODULES = sorted(path.name for path in (SDK / "src").iterdir())
BUILT = sorted(path.name for path in DIST.iterdir())
INSIDE = "coatcheck/http/static/sdk"


def manifest() -> dict[str, Any]:
    """Read the package's own description."""
    read: dict[str, Any] = json.loads((SDK / "package.json").read_text("utf-8"))
    return read


def test_it_holds_what_is_served_its_types_and_nothing_else(packed: Path) -> None:
    with tarfile.open(packed) as package:
        names = {name.removeprefix("package/") for name in package.getnames()}
    types = {f"types/{Path(name).with_suffix('.d.ts')}" for name in MODULES}
    assert names == {"LICENSE", "README.md", "package.json", *(f"dist/{name}" for name in BUILT), *types}


@pytest.mark.usefixtures("typescript")
def test_what_is_kept_is_made_of_the_modules(tmp_path: Path) -> None:
    build(tmp_path)
    kept, again = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in (DIST, tmp_path))
    assert kept == again, "run `python -m tools.build_sdk`"


def test_what_it_exports_is_there(installed: Path) -> None:
    package = installed / "node_modules" / "coatcheck"
    places = [place for kinds in manifest()["exports"].values() for place in kinds.values()]
    assert manifest()["types"] in places
    assert [place for place in places if not (package / place).is_file()] == []


def test_it_needs_nothing_and_runs_nothing_when_it_is_installed() -> None:
    needs = {name for name in manifest() if "ependenc" in name}
    assert needs | {"scripts", "bin"} & manifest().keys() == set()


def test_it_is_of_the_servers_version_and_licence() -> None:
    assert manifest()["version"] == __version__
    assert (SDK / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert f"/auth/sdk/{__version__}/index.js" in (SDK / "README.md").read_text("utf-8")


@pytest.mark.parametrize("made_from", ["checkout", "sdist"])
def test_pythons_wheel_holds_the_same(made_from: str, tmp_path: Path) -> None:
    source = ROOT if made_from == "checkout" else unpacked(made("sdist", ROOT, tmp_path), tmp_path)
    with zipfile.ZipFile(made("wheel", source, tmp_path)) as wheel:
        held = {name.rpartition("/")[2]: wheel.read(name) for name in wheel.namelist() if name.startswith(INSIDE)}
    assert held == {name: (DIST / name).read_bytes() for name in BUILT}


def made(target: str, source: Path, folder: Path) -> Path:
    """Build Python's package as a release does."""
    command: list[str | Path] = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", folder]
    subprocess.run(command, cwd=source, capture_output=True, check=True, timeout=100)
    [package] = folder.glob("*.whl" if target == "wheel" else "*.tar.gz")
    return package


def unpacked(sdist: Path, folder: Path) -> Path:
    """Unpack an sdist."""
    with tarfile.open(sdist) as package:
        package.extractall(folder, filter="data")
    return folder / f"coatcheck-{__version__}"
