"""Attack 55: CVE-2019-8400, CVE-2026-42849, GO-2024-2655: what a client sends is on an error page, script and all.

Here errors of OAuth's calls are JSON of constant words: nothing that was sent is in them, nor in a header, and no
browser takes them for a page. Pages escape by default and allow no script (CSP). What a provider says of an error, and
whoever writes its answer for it, reaches the operator's trace alone: short, on one line, and no link.
"""

import httpx
import pytest

from coatcheck.upstream.trouble import WORDS, UpstreamFailed
from tests.clients.machines import INTROSPECT, REVOKE, TOKEN, machine
from tests.site import Site
from tests.upstream.oauth.acme import Acme

MARK = "<script>alert(7)</script>"


@pytest.mark.parametrize("path", [TOKEN, INTROSPECT, REVOKE])
@pytest.mark.parametrize(
    "name",
    ["grant_type", "scope", "resource", "audience", "token", "state", "error_hint", "redirect_uri", "client_id", MARK],
)
async def test_nothing_comes_back(site: Site, path: str, name: str) -> None:
    made = await machine(site)
    form = {"grant_type": "client_credentials", name: MARK}
    for auth in (made.basic, httpx.BasicAuth(MARK, MARK), httpx.Auth()):
        answer = await site.machine().post(f"{path}?error_hint={MARK}&state={MARK}", data=form, auth=auth)
        assert "alert" not in answer.text
        assert "alert" not in str(answer.headers)
        if answer.content:
            assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "script-src" not in answer.headers["content-security-policy"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]


SAID = {
    "error": "access_denied",
    "error_description": f"{MARK}\r\nSet-Cookie: a=b\u202e" + "x" * 1000,
    "error_uri": "https://evil.example/help",
}


async def test_what_a_provider_says_of_an_error(acme: Acme) -> None:
    failed = await acme.refused(answered=SAID)
    check(failed)
    assert failed.trouble == "refused_there"


@pytest.mark.parametrize("status", [200, 400, 401])
async def test_what_its_token_endpoint_says(acme: Acme, status: int) -> None:
    acme.says("/token", SAID, status)
    check(await acme.refused())


async def test_what_it_says_back_of_a_code(acme: Acme) -> None:
    acme.says("/token", {"error": "invalid_grant", "error_description": "code-1 and s3cret%20%2B%2F~%20of%20ours"}, 400)
    because = (await acme.refused()).because
    assert because.endswith("answers 400, invalid_grant: … and …"), because


def check(failed: UpstreamFailed) -> None:
    """The person sees constant words; the operator a short line."""
    assert "alert" not in f"{failed.says}{WORDS[failed.trouble].person}{WORDS[failed.trouble].operator}"
    assert "evil.example" not in failed.because
    assert failed.because.isprintable()
    assert len(failed.because) < 300
