"""Installs what tests and measurements need from npm, as the lock files name it, into build/; says one line about each.

    python -m tools.install_node_packages

Node and npm come as a wheel with the other dependencies. The lock files hold hashes and no addresses.
"""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.servers.programs import (
    NODE_PACKAGES,
    NODE_SDK,
    NODE_SERVERS,
    ProgramMissingError,
    node_program,
    npm_program,
)

ROOT = Path(__file__).parents[1]
FILES = ("package.json", "package-lock.json")


@dataclass(frozen=True)
class Wanted:
    """Hold what is wanted from npm.

    Args:
        package: the one that matters; the others come with it.
        locked: the folder of its lock file.
        folder: where it is installed.
    """

    package: str
    locked: Path
    folder: Path

    @property
    def place(self) -> Path:
        """Where the package itself is."""
        return self.folder / "node_modules" / self.package


JOSE = Wanted("jose", ROOT / "tests" / "interop", NODE_PACKAGES)
SERVERS = Wanted("oidc-provider", ROOT / "tests" / "servers" / "npm", NODE_SERVERS)
SDK_TOOLS = Wanted("typescript", ROOT / "tests" / "sdk" / "npm", NODE_SDK)
BENCH = Wanted("oidc-provider", ROOT / "bench" / "npm", ROOT / "build" / "node-bench")


def main() -> None:
    """Install what tests need, unless it is there."""
    for wanted in (JOSE, SERVERS, SDK_TOOLS):
        try:
            print(f"✓ npm's {install(wanted).name}: {node_program()}", flush=True)
        except (ProgramMissingError, OSError) as missing:
            print(f"✗ {missing}; its tests are skipped, or fail where CI=true", flush=True)


def install(wanted: Wanted) -> Path:
    """Return the folder of a package, installed as its lock file says.

    Raises:
        ProgramMissingError: If it cannot be installed.
    """
    if not is_up_to_date(wanted):
        shutil.rmtree(wanted.folder, ignore_errors=True)
        wanted.folder.mkdir(parents=True)
        for name in FILES:
            shutil.copy(wanted.locked / name, wanted.folder / name)
        npm_ci(wanted.folder)
    if not wanted.place.exists():
        raise ProgramMissingError(f"no npm package {wanted.package}: it is not installed")
    return wanted.place


def is_up_to_date(wanted: Wanted) -> bool:
    """Tell whether the packages of this very lock file are installed."""
    if not wanted.place.exists():
        return False
    return all((wanted.folder / name).read_bytes() == (wanted.locked / name).read_bytes() for name in FILES)


def npm_ci(folder: Path) -> None:
    """Install by the lock file alone: hashes are checked, no script of a package is run."""
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    command = [str(node_program()), str(npm_program()), "ci", *options, "--prefix", str(folder)]
    subprocess.run(["tools/step", "npm-ci", "installing npm's packages", *command], check=False, cwd=ROOT)


if __name__ == "__main__":
    main()
