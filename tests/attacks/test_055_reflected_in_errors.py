"""Attack 55: CVE-2019-8400, CVE-2026-42849, GO-2024-2655: what a client sends is on an error page, script and all.

Here errors of OAuth's calls are JSON of constant words: nothing that was sent is in them, nor in a header, and no
browser takes them for a page. Pages escape by default and allow no script (CSP).
"""

import httpx
import pytest

from tests.clients.machines import INTROSPECT, REVOKE, TOKEN, machine
from tests.site import Site

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
