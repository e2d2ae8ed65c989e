"""A content security policy, as a browser reads it."""

import pytest

from coatcheck.doctor.outside.policy import framing_allowed, weakness_of

OURS = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize(
    ("policies", "weakness"),
    [
        ([OURS], None),
        ([f"{OURS}; script-src 'self'"], None),
        ([OURS.upper()], None),
        (["default-src *; base-uri 'none'", OURS], None),
        ([f"default-src *, {OURS}"], None),
        ([], "no Content-Security-Policy"),
        ([""], "no Content-Security-Policy"),
        (["style-src 'self'; base-uri 'none'"], "Content-Security-Policy says nothing of scripts"),
        (["default-src 'self'"], "Content-Security-Policy lacks base-uri"),
        (
            ["default-src 'none'; script-src 'unsafe-inline'"],
            "Content-Security-Policy takes scripts from 'unsafe-inline'",
        ),
        (["default-src https: data:"], "Content-Security-Policy takes scripts from https: data:"),
        (["script-src 'none'; script-src *"], "Content-Security-Policy lacks base-uri"),
    ],
)
def test_what_is_weak(policies: list[str], weakness: str | None) -> None:
    assert weakness_of(policies) == weakness


@pytest.mark.parametrize(
    ("policies", "options", "is_allowed"),
    [
        ([OURS], "", False),
        (["frame-ancestors 'self'"], "", False),
        (["frame-ancestors https://other.example"], "DENY", True),
        (["frame-ancestors *", OURS], "", False),
        (["default-src 'self'"], "", True),
        ([], "", True),
        ([], "deny", False),
        ([], "SAMEORIGIN", False),
        ([], "ALLOW-FROM https://other.example", True),
        ([], "DENY, DENY", True),
    ],
)
def test_who_may_frame(policies: list[str], options: str, is_allowed: bool) -> None:
    assert framing_allowed(policies, options) is is_allowed
