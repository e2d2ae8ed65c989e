"""Installs what tests need from npm, as tests/interop/package-lock.json names it, into build/; says one line about it.

    python -m tools.install_node_packages

Node and npm come as a wheel with the other dependencies. The lock file holds hashes and no addresses.
"""

import shutil
import subprocess
from pathlib import Path

from tests.servers.programs import NODE_PACKAGES, ProgramMissingError, node_package, node_program, npm_program

ROOT = Path(__file__).parents[1]
WANTED = ROOT / "tests" / "interop"
FILES = ("package.json", "package-lock.json")


def main() -> None:
    """Install the packages unless they are there."""
    try:
        print(f"✓ npm's {install().name}: {node_program()}", flush=True)
    except (ProgramMissingError, OSError) as missing:
        print(f"✗ {missing}; its tests are skipped, or fail where CI=true", flush=True)


def install() -> Path:
    """Return the folder of npm's jose, installed as the lock file says.

    Raises:
        ProgramMissingError: If it cannot be installed.
    """
    if not is_up_to_date():
        shutil.rmtree(NODE_PACKAGES, ignore_errors=True)
        NODE_PACKAGES.mkdir(parents=True)
        for name in FILES:
            shutil.copy(WANTED / name, NODE_PACKAGES / name)
        npm_ci()
    return node_package("jose")


def is_up_to_date() -> bool:
    """Tell whether the packages of this very lock file are installed."""
    try:
        node_package("jose")
    except ProgramMissingError:
        return False
    return all((NODE_PACKAGES / name).read_bytes() == (WANTED / name).read_bytes() for name in FILES)


def npm_ci() -> None:
    """Install by the lock file alone: hashes are checked, no script of a package is run."""
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    command = [str(node_program()), str(npm_program()), "ci", *options, "--prefix", str(NODE_PACKAGES)]
    subprocess.run(["tools/step", "npm-ci", "installing npm's packages", *command], check=False, cwd=ROOT)


if __name__ == "__main__":
    main()
