"""The types: the modules keep to their JSDoc, and an app in TypeScript may do what it says and nothing else."""

import json
import shutil
from pathlib import Path

import pytest

from tools.build_sdk import SDK
from tools.pack_sdk import CONFIGURATIONS, tsc

CONSUMER = Path(__file__).with_name("consumer.ts")
AS_A_CONSUMER = ("--strict", "--noEmit", "--target", "es2022", "--lib", "es2022,dom", "--types", "")
RESOLUTIONS = {
    "bundler": ("--module", "esnext", "--moduleResolution", "bundler"),
    "nodenext": ("--module", "nodenext", "--moduleResolution", "nodenext"),
}
WRONG = {
    "implicit_any": "export const twice = (what) => what;",
    "other_type": "/** @type {number} */\nexport const count = 'one';",
    "unchecked_index": "/** @type {(names: string[]) => string} */\nexport const first = (names) => names[0];",
    "no_such_global": "export const where = windwo.location;",
}


@pytest.mark.usefixtures("typescript")
@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=lambda path: path.stem)
def test_the_modules_keep_to_their_jsdoc(configuration: Path) -> None:
    done = tsc("-p", str(configuration))
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.usefixtures("typescript")
@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_found(name: str, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "wrong.js").write_text(WRONG[name], "utf-8")
    shutil.copy(SDK / "tsconfig.json", tmp_path / "tsconfig.json")
    done = tsc("-p", str(tmp_path / "tsconfig.json"), cwd=tmp_path)
    assert done.returncode != 0
    assert "src/wrong.js" in done.stdout


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_an_app_in_typescript_compiles(resolution: str, installed: Path) -> None:
    """In the consumer each line that must not compile is marked, and a mark without a fault is a fault too."""
    (installed / "package.json").write_text(json.dumps({"type": "module"}), "utf-8")
    shutil.copy(CONSUMER, installed / "consumer.ts")
    done = tsc(*RESOLUTIONS[resolution], *AS_A_CONSUMER, "consumer.ts", cwd=installed)
    assert (done.returncode, done.stdout) == (0, "")
