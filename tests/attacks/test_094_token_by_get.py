"""Attack 94: CVE-2021-21241, Flask-Security-Too: GET `/login` or `/change` returns the session holder's auth token.

A page of another origin asks for it in the visitor's name and reads it. Here no answer to a GET holds a credential;
what it does hold cannot be read by, or loaded into, another origin's page; and no GET changes anything.
"""

import pytest

from tests.attacks.census import what_is_kept
from tests.site import Site

ASKED = (
    "/", "/sign-in", "/sign-in?confirm=1", "/sign-up", "/sign-out", "/recover", "/account", "/account/sessions",
    "/account/password", "/account/email", "/account/close", "/api/session", "/api/sessions", "/api/sign-in",
    "/api/sign-out", "/api/account/password", "/api/openapi.json",
)  # fmt: skip
POLICY = ("default-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'")
KEPT = ("accounts", "passwords", "sessions", "sign_ups", "email_changes", "recovery_links", "outbox")


@pytest.mark.parametrize("accept", ["text/html", "application/json", "*/*"])
async def test_no_get_gives_a_credential(site: Site, accept: str) -> None:
    await site.person()
    browser = await site.signed_in(headers={"accept": accept})
    credentials = [browser.cookies["__Host-coatcheck"], browser.cookies["__Host-coatcheck-known"]]
    before = await what_is_kept(site, *KEPT)
    for path in ASKED:
        for headers in ({}, {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}):
            answer = await browser.get(path, headers=headers)
            assert not [credential for credential in credentials if credential in answer.text], path
            assert "__Host-coatcheck=" not in answer.headers.get("set-cookie", ""), path
            assert "access-control-allow-origin" not in answer.headers, path
            assert answer.headers["cross-origin-resource-policy"] == "same-origin", path
            assert answer.headers["x-content-type-options"] == "nosniff", path
            assert answer.headers["cache-control"] == "no-store", path
            assert set(POLICY) <= set(answer.headers["content-security-policy"].split("; ")), path
            assert answer.headers["strict-transport-security"] == "max-age=63072000; includeSubDomains", path
            assert answer.headers["cross-origin-opener-policy"] == "same-origin", path
            assert answer.headers["referrer-policy"] == "same-origin", path
    assert await what_is_kept(site, *KEPT) == before
