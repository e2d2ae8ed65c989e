"""`python -m coatcheck.verifier`: says check by check why a token is good or not, and never shows it."""

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from coatcheck.clock import SystemClock
from coatcheck.testing.clock import ManualClock
from tests.verifier.issuer import AUDIENCE, Issuer, Key


@pytest.fixture
def today() -> Iterator[Issuer]:
    """Run an issuer by the machine's time, as the program knows no other."""
    issuer = Issuer(ManualClock(SystemClock().now()))
    with issuer.serving():
        yield issuer


def explain(issuer: Issuer, token: str, *arguments: str) -> tuple[int, dict[str, str], str]:
    """Run the program; give its exit code, the marks by check, and all that it wrote."""
    command = [sys.executable, "-m", "coatcheck.verifier", "-", "--issuer", issuer.url, *arguments]
    done = subprocess.run(command, input=token, capture_output=True, text=True, timeout=60, check=False)
    marks = {line.split()[1]: line.split()[0] for line in done.stdout.splitlines()}
    return done.returncode, marks, done.stdout + done.stderr


def test_a_good_token_passes_every_check(today: Issuer) -> None:
    token = today.token()
    code, marks, written = explain(today, token, "--audience", AUDIENCE)
    assert (code, set(marks.values())) == (0, {"✓"}), written
    assert list(marks) == ["form", "header", "key", "signature", "issuer", "audience", "times", "binding", "status"]
    assert token not in written
    assert not any(part in written for part in token.split("."))


def test_a_bound_token_is_good_with_a_proof_that_nobody_has_here(today: Issuer) -> None:
    code, marks, written = explain(today, today.token(cnf={"jkt": "x" * 43}), "--audience", AUDIENCE)
    assert (code, marks["binding"]) == (0, "-"), written
    assert "x" * 43 in written


BAD: dict[str, Callable[[Issuer], str]] = {
    "form": lambda issuer: "a secret that is no token",
    "header": lambda issuer: issuer.key.sign("JWT", {}),
    "key": lambda issuer: issuer.token(key=Key("unknown")),
    "signature": lambda issuer: issuer.token(key=Key("first")),
    "claims": lambda issuer: issuer.token(exp="never"),
    "issuer": lambda issuer: issuer.token(iss="https://evil.example"),
    "audience": lambda issuer: issuer.token(aud="https://other.example.org"),
    "times": lambda issuer: issuer.token(exp=issuer.clock.now() // 1000 - 1),
    "status": lambda issuer: issuer.token(7),
}


@pytest.mark.parametrize("check", BAD)
def test_the_check_that_fails_is_named(today: Issuer, check: str) -> None:
    today.end(7)
    token = BAD[check](today)
    code, marks, written = explain(today, token, "--audience", AUDIENCE)
    assert (code, marks[check]) == (1, "✗"), written
    assert token not in written


def test_an_issuer_that_does_not_answer_is_no_verdict(today: Issuer) -> None:
    today.instead["/jwks"] = lambda: (500, b"")
    code, _, written = explain(today, today.token())
    assert code == 2
    assert "Cannot tell" in written


@pytest.mark.parametrize("url", ["http://auth.example.org", "nonsense"])
def test_an_issuer_that_is_no_safe_address_is_not_asked(today: Issuer, url: str) -> None:
    code, marks, _ = explain(today, today.token(), "--issuer", url)
    assert (code, marks) == (2, {})


def test_a_token_among_the_arguments_is_refused_and_not_repeated(today: Issuer) -> None:
    token = today.token()
    command = [sys.executable, "-m", "coatcheck.verifier", token, token, "--issuer", today.url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert token not in done.stdout + done.stderr
