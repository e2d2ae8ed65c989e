"""Sees to it that the servers which the tests use are on this machine; says one line about each.

A program that is there is used: the system's first, then the one that came as a wheel. Only what is missing is
installed, as a Debian package, which takes root. What cannot be had is no error here: its tests are skipped by name,
and fail where `CI=true`.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.programs import (
    Program,
    ProgramMissingError,
    all_caddy,
    all_chromium,
    all_envoy,
    all_nginx,
    all_postgres,
    all_redis,
    all_simplesamlphp,
    all_traefik,
    first_that_runs,
)
from tools import install_node_packages

POLICY = Path("/usr/sbin/policy-rc.d")
FONTS = Path("/usr/share/fonts")


@dataclass(frozen=True, kw_only=True)
class Component:
    """A program that tests need, and the Debian packages that bring it; none where only a wheel does."""

    name: str
    found: Callable[[], list[Program]]
    packages: tuple[str, ...]
    otherwise: str


COMPONENTS = (
    Component(
        name="PostgreSQL",
        found=all_postgres,
        packages=("postgresql",),
        otherwise="install PostgreSQL 15 or newer",
    ),
    Component(
        name="Redis",
        found=all_redis,
        packages=("redis-server",),
        otherwise="install redis-server or valkey-server",
    ),
    Component(
        name="nginx",
        found=all_nginx,
        packages=("nginx-light",),
        otherwise="install nginx with its auth_request module",
    ),
    Component(
        name="Caddy",
        found=all_caddy,
        packages=("caddy",),
        otherwise="install Caddy 2.6 or newer",
    ),
    Component(
        name="Envoy",
        found=all_envoy,
        packages=(),
        otherwise="install Envoy",
    ),
    Component(
        name="Traefik",
        found=all_traefik,
        packages=(),
        otherwise="install Traefik 3.7 or newer",
    ),
    Component(
        name="simplesamlphp",
        found=all_simplesamlphp,
        packages=("simplesamlphp", "php-cli", "php-xml"),
        otherwise="Debian has it; the tests know where Debian puts it",
    ),
    Component(
        name="Chromium",
        found=all_chromium,
        packages=("chromium", "fonts-noto-core", "fonts-inter"),
        otherwise="run .venv/bin/playwright install chromium",
    ),
)


def main() -> None:
    """Find or install each component."""
    for component in COMPONENTS:
        print(see_to(component), flush=True)
    install_node_packages.main()


def see_to(component: Component) -> str:
    """Find a component, or install it, and tell the outcome.

    Args:
        component: What to look for.

    Returns:
        One line for the terminal.
    """
    for attempt in (find, install):
        try:
            return f"✓ {attempt(component)}"
        except ProgramMissingError as missing:
            reason = missing
    return f"✗ {reason}; its tests are skipped, or fail where CI=true ({component.otherwise})"


def find(component: Component) -> str:
    """Return the version and path of a component that runs.

    Raises:
        ProgramMissingError: If there is none.
    """
    program = first_that_runs(component.found(), component.name)
    return f"{component.name}: {program.version()}, {program.path}"


def install(component: Component) -> str:
    """Install a component's Debian packages and find it.

    Raises:
        ProgramMissingError: If it still is not there.
    """
    if component.packages and os.geteuid() == 0 and shutil.which("apt-get"):
        with nothing_starts():
            if not apt_get("install", *component.packages):
                apt_get("update")
                apt_get("install", *component.packages)
    return find(component)


@contextmanager
def nothing_starts() -> Iterator[None]:
    """Keep Debian's packages from starting their services: the tests run servers of their own."""
    ours = not POLICY.exists()
    if ours:
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    try:
        yield
    finally:
        if ours:
            POLICY.unlink(missing_ok=True)


def apt_get(verb: str, *packages: str) -> bool:
    """Run apt-get as one step of the display; tell whether it went well."""
    options = ["-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"]
    says = f"installing {' '.join(packages)}" if packages else "reading Debian's package lists"
    log = "-".join(["apt", verb, *packages[:1]])
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    done = subprocess.run(["tools/step", log, says, "apt-get", *options, verb, *packages], check=False, env=environment)
    return done.returncode == 0


if __name__ == "__main__":
    main()
