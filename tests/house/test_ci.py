"""What CI runs: everything in full, so that what is missing fails, and where it keeps the pictures of the pages."""

import os
import subprocess
from pathlib import Path

from tests.house.source import ROOT


def test_what_is_missing_fails(tmp_path: Path) -> None:
    """Without `CI=true` the tests that need a server which cannot be had are skipped."""
    make = tmp_path / "make"
    make.write_text('#!/bin/sh\necho "make $* with CI=$CI LOUD=$LOUD"\n')
    make.chmod(0o755)
    environ = {name: value for name, value in os.environ.items() if name not in ("CI", "LOUD")}
    environ["PATH"] = f"{tmp_path}:{environ['PATH']}"
    (ROOT / "build" / "screenshots").mkdir(parents=True, exist_ok=True)
    run = subprocess.run([ROOT / ".ci" / "run"], env=environ, capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.startswith("make test with CI=true LOUD=1\n")
    assert run.stdout.rstrip().endswith(": build/screenshots")


def test_contributors_are_told_of_the_pictures() -> None:
    assert "`build/screenshots`" in (ROOT / "CONTRIBUTING.md").read_text("utf-8")
