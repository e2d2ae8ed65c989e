"""Bad cookies, headers, addresses and methods."""

import pytest

from coatcheck.access.names import ADMIN
from coatcheck.admin.roles import grant_role
from coatcheck.visit import Visit
from tests.attacks.census import row_counts
from tests.bad_input.raw import ask
from tests.site import PASSWORD, Site

SESSION = b"__Host-coatcheck"


async def cookies_of(site: Site) -> bytes:
    """Sign Ann in and give what her browser sends."""
    await site.person()
    browser = await site.signed_in()
    return browser.cookies["__Host-coatcheck"].encode()


@pytest.mark.parametrize("path", ["/api/session", "/api/sessions"])
async def test_two_cookies_of_one_name(site: Site, path: str) -> None:
    good = await cookies_of(site)
    for planted in (b"evil", b"", good):
        for header in (
            SESSION + b"=" + planted + b"; " + SESSION + b"=" + good,
            SESSION + b"=" + good + b";" + SESSION + b"=" + planted,
        ):
            answer = await ask(site.auth.app, "GET", path, headers=[(b"cookie", header)])
            assert (answer.status, answer.code) == (401, "not_signed_in")
    twice = [(b"cookie", SESSION + b"=" + good), (b"cookie", SESSION + b"=evil")]
    assert (await ask(site.auth.app, "GET", path, headers=twice)).code == "not_signed_in"


@pytest.mark.parametrize("site_of_caller", [b"cross-site", b"same-origin", b"none"])
@pytest.mark.parametrize("path", ["/account", "/sign-in", "/sign-out", "/recover", "/admin", "/nowhere"])
async def test_two_cookies_of_one_name_on_pages(site: Site, path: str, site_of_caller: bytes) -> None:
    good = await cookies_of(site)
    header = SESSION + b"=" + good + b"; " + SESSION + b"=evil"
    headers = [(b"cookie", header), (b"sec-fetch-site", site_of_caller)]
    answer = await ask(site.auth.app, "GET", path, headers=headers)
    assert answer.status in (200, 303, 404), answer
    assert b"ann@example.org" not in answer.body


@pytest.mark.parametrize(
    "value",
    [
        b"\x00\xff\xfe",
        bytes(range(1, 256)).replace(b";", b""),
        b"a" * 60_000,
        b'"',
        b"=",
        b"%00",
        "é".encode(),
        b"\r\n",
    ],
)
@pytest.mark.parametrize("name", [SESSION, SESSION + b"-browser", SESSION + b"-known", b"", b"\xff"])
async def test_cookies_of_random_bytes(site: Site, name: bytes, value: bytes) -> None:
    headers = [(b"cookie", name + b"=" + value), (b"content-type", b"application/json")]
    answer = await ask(site.auth.app, "GET", "/api/session", headers=headers)
    assert (answer.status, answer.code) in {(401, "not_signed_in"), (401, "session_ended")}
    assert (await ask(site.auth.app, "GET", "/sign-in", headers=headers)).status == 200
    body = b'{"identifier": "ann@example.org", "password": "x"}'
    answer = await ask(site.auth.app, "POST", "/api/sign-in", headers=headers, body=body)
    assert (answer.status, answer.code) == (401, "invalid_credentials")


@pytest.mark.parametrize("prefix", [b"\xa0", b"\x85", b"\x1c", b"\x1f", b"\x0b", b"\x0c"])
async def test_a_cookie_whose_name_only_looks_like_ours(site: Site, prefix: bytes) -> None:
    """A browser does not guard a name with a strange blank before it as `__Host-`, so a subdomain may set it."""
    good = await cookies_of(site)
    headers = [(b"cookie", prefix + SESSION + b"=" + good)]
    assert (await ask(site.auth.app, "GET", "/api/session", headers=headers)).code == "not_signed_in"


async def test_a_planted_cookie_name_does_not_shut_the_owner_out(site: Site) -> None:
    good = await cookies_of(site)
    headers = [(b"cookie", SESSION + b"=" + good + b"; \xa0" + SESSION + b"=evil")]
    assert (await ask(site.auth.app, "GET", "/api/session", headers=headers)).status == 200


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"Bearer",
        b"Bearer ",
        b"Bearer x",
        b"bearer  x y",
        b"Basic YTpi",
        b"Basic \xff",
        b"\x00",
        b",",
        b"DPoP x",
        b"Bearer " + b"a" * 30_000,
        b"Bearer a.b.c",
        b"Bearer eyJhbGciOiJub25lIn0.e30.",
    ],
)
async def test_a_malformed_authorization_is_refused(site: Site, value: bytes) -> None:
    """`Authorization` wins: a bad one is refused with 401, whatever cookies come with it."""
    good = await cookies_of(site)
    for method, path in (("GET", "/api/session"), ("GET", "/api/sessions"), ("DELETE", "/api/sessions")):
        headers = [(b"authorization", value), (b"cookie", SESSION + b"=" + good)]
        answer = await ask(site.auth.app, method, path, headers=headers)
        assert (answer.status, answer.code) == (401, "not_signed_in")


@pytest.mark.parametrize(
    "path",
    [
        "//sign-in",
        "///api/sign-in",
        "/api/sign-in/",
        "/api//sign-in",
        "/sign-in/",
        "/SIGN-IN",
        "/api%2Fsign-in%2F",
        "/sign-in%2F",
        "/./sign-in",
        "/account/../sign-in",
        "/%2e%2e/sign-in",
        "/sign-in;a=b",
        "/sign-in%00",
        "/static/../app.py",
        "/static/%2e%2e%2fapp.py",
        "/static/coatcheck",
        "/static/.",
        "/static/",
        "/%ff",
        "/\xff",
        "/api/session/",
        "//api/session",
        "/api/sessions/a%2Fb%2Fc",
        "/auth/sign-in",
        "/dev/mail",
        "/dev/mail/1",
        "/%5c%5cevil.example/sign-in",
    ],
)
async def test_addresses_that_are_none(site: Site, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        headers = [
            (b"content-type", b"application/json" if path.startswith("/api/") else b"application/x-www-form-urlencoded")
        ]
        answer = await ask(
            site.auth.app, method, path, headers=headers, body=b"{}" if path.startswith("/api/") else b""
        )
        assert answer.status == 404, (method, answer)
        assert "location" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "/sign-in?return_to=%00",
        "/verify-email?token=%00",
        "/recover/new-password?token=%00",
        "/account?done=%00",
        "/account?%00=a",
        "/account/email/confirm?token=a%00",
        "/admin?q=%00",
        "/admin/audit?event=%00",
        "/admin/audit?account=%00",
    ],
)
async def test_nul_in_a_query(every_site: Site, path: str) -> None:
    site = every_site
    good = await cookies_of(site)
    answer = await ask(site.auth.app, "GET", path, headers=[(b"cookie", SESSION + b"=" + good)])
    assert answer.status == 422


@pytest.mark.parametrize(
    "method_and_path",
    [
        ("GET", "/admin/accounts/%00"),
        ("DELETE", "/api/sessions/%00"),
        ("DELETE", "/api/sessions/ses_%ff%fe"),
        ("GET", "/dev/mail/%00"),
        ("DELETE", "/api/sessions/%ed%a0%80"),
        ("GET", "/admin/accounts/%ed%a0%80"),
        ("DELETE", "/api/sessions/%F0%9F%98%80"),
    ],
)
async def test_strange_letters_in_a_path(every_site: Site, method_and_path: tuple[str, str]) -> None:
    site = every_site
    await administrator(site)
    good = await site.signed_in()
    cookie = (b"cookie", SESSION + b"=" + good.cookies["__Host-coatcheck"].encode())
    assert (await ask(site.auth.app, *method_and_path, headers=[cookie])).status == 404


@pytest.mark.parametrize(
    "query",
    [
        "before=99999999999999999999999",
        "before=" + "9" * 5000,
        "before=-1",
        "before=0",
        "before=a",
        "before=%D9%A3",
        "before=1&before=2",
        "event=%25",
        "event=_",
        "event=" + "x" * 5000,
        "account=" + "x" * 5000,
        "event=%ff",
        "account=%ed%a0%80",
        "=&=&&&",
    ],
)
async def test_the_audit_view_takes_any_query(every_site: Site, query: str) -> None:
    site = every_site
    await administrator(site)
    browser = await site.signed_in()
    assert (await browser.get(f"/admin/audit?{query}")).status_code == 200
    found = await browser.get("/admin", params={"q": query})
    assert found.status_code == 200


async def administrator(site: Site) -> None:
    """Make Ann an administrator."""
    account = await site.person()
    await grant_role(site.desk, Visit(), account=account.id, role=ADMIN, actor="operator")


@pytest.mark.parametrize(
    "path", ["/api/sign-in", "/api/sessions", "/api/session", "/sign-in", "/account", "/healthz", "/account/password"]
)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "FOO", "get", "PROPFIND"])
async def test_other_methods(site: Site, path: str, method: str) -> None:
    answer = await ask(site.auth.app, method, path, headers=[(b"content-type", b"application/json")])
    assert answer.status == 405
    allowed = {word.strip() for word in answer.headers["allow"].split(",")}
    assert allowed == ALLOWED[path]


ALLOWED = {
    "/api/sign-in": {"POST"},
    "/api/sessions": {"GET", "HEAD", "DELETE"},
    "/api/session": {"GET", "HEAD"},
    "/sign-in": {"GET", "HEAD", "POST"},
    "/account": {"GET", "HEAD"},
    "/healthz": {"GET", "HEAD"},
    "/account/password": {"POST"},
}


async def test_a_flood_of_headers(site: Site) -> None:
    headers = [(b"x-%d" % at, b"y" * 100) for at in range(2000)] + [(b"x-forwarded-for", b"1.1.1.1, " * 5000)]
    answer = await ask(site.auth.app, "GET", "/api/session", headers=headers)
    assert answer.code == "not_signed_in"


@pytest.mark.parametrize(
    "name", [b"origin", b"sec-fetch-site", b"user-agent", b"accept", b"content-length", b"x-request-id", b"referer"]
)
@pytest.mark.parametrize("value", [b"", b"\xff\xfe", b"x" * 20_000, b"a\x00b", b"${jndi:ldap://x}", b'"\\'])
async def test_headers_with_strange_values(site: Site, name: bytes, value: bytes) -> None:
    await site.person()
    before = await row_counts(site)
    headers = [(name, value), (b"content-type", b"application/json")]
    assert (await ask(site.auth.app, "GET", "/sign-in", headers=headers)).status == 200
    body = b'{"identifier": "ann@example.org", "password": "%s"}' % PASSWORD.encode()
    answer = await ask(site.auth.app, "POST", "/api/sign-in", headers=headers, body=body)
    if name in (b"origin", b"sec-fetch-site"):
        assert answer.code == "cross_site_refused"
        assert await row_counts(site) == before
    else:
        assert answer.status == 200
