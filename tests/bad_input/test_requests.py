"""Bad cookies, headers, addresses and methods."""

import pytest

from coatcheck.access.names import ADMIN
from coatcheck.admin.roles import create_role, grant_role
from coatcheck.visit import Visit
from tests.bad_input.raw import ask, kept
from tests.site import PASSWORD, Site

SESSION = b"__Host-coatcheck"
JSON = (b"content-type", b"application/json")
FORM = (b"content-type", b"application/x-www-form-urlencoded")


async def cookie_of(site: Site, *, is_admin: bool = False) -> bytes:
    """Sign Ann in and give her session's secret."""
    account = await site.person()
    if is_admin:
        await create_role(site.desk, Visit(), role=ADMIN, permissions=[], actor="operator")
        await grant_role(site.desk, Visit(), account=account.id, role=ADMIN, actor="operator")
    browser = await site.signed_in()
    return browser.cookies["__Host-coatcheck"].encode()


async def test_two_cookies_of_one_name(site: Site) -> None:
    good = await cookie_of(site)
    for path in ("/api/session", "/api/sessions"):
        for planted in (b"evil", b"", good):
            for first, second in ((planted, good), (good, planted)):
                one, two = SESSION + b"=" + first, SESSION + b"=" + second
                for headers in ([(b"cookie", one + b"; " + two)], [(b"cookie", one), (b"cookie", two)]):
                    answer = await ask(site.auth.app, "GET", path, headers=headers)
                    assert (answer.status, answer.code) == (401, "not_signed_in")


async def test_two_cookies_of_one_name_on_pages(site: Site) -> None:
    good = await cookie_of(site)
    header = SESSION + b"=" + good + b"; " + SESSION + b"=evil"
    for caller in (b"cross-site", b"same-origin", b"none"):
        for path in ("/account", "/sign-in", "/sign-out", "/recover", "/admin", "/nowhere"):
            headers = [(b"cookie", header), (b"sec-fetch-site", caller)]
            answer = await ask(site.auth.app, "GET", path, headers=headers)
            assert answer.status in (200, 303, 404), answer
            assert b"ann@example.org" not in answer.body


RANDOM = (
    b"\x00\xff\xfe",
    bytes(range(1, 256)).replace(b";", b""),
    b"a" * 60_000,
    b'"',
    b"=",
    b"%00",
    "é".encode(),
    b"\r\n",
)


@pytest.mark.parametrize("name", [SESSION, SESSION + b"-browser", SESSION + b"-known", b"", b"\xff"])
async def test_cookies_of_random_bytes(site: Site, name: bytes) -> None:
    for at, value in enumerate(RANDOM):
        headers = [(b"cookie", name + b"=" + value), JSON]
        answer = await ask(site.auth.app, "GET", "/api/session", headers=headers)
        assert (answer.status, answer.code) in {(401, "not_signed_in"), (401, "session_ended")}
        assert (await ask(site.auth.app, "GET", "/sign-in", headers=headers)).status == 200
        body, client = b'{"identifier": "ann@example.org", "password": "x"}', f"203.0.113.{at}"
        answer = await ask(site.auth.app, "POST", "/api/sign-in", headers=headers, body=body, client=client)
        assert (answer.status, answer.code) == (401, "invalid_credentials")


async def test_a_cookie_whose_name_only_looks_like_ours(site: Site) -> None:
    """A browser does not guard a name with a strange blank before it as `__Host-`, so a subdomain may set it."""
    good = await cookie_of(site)
    for blank in (b"\xa0", b"\x85", b"\x1c", b"\x1f", b"\x0b", b"\x0c"):
        looks_like = blank + SESSION + b"="
        answer = await ask(site.auth.app, "GET", "/api/session", headers=[(b"cookie", looks_like + good)])
        assert answer.code == "not_signed_in"
        beside = [(b"cookie", SESSION + b"=" + good + b"; " + looks_like + b"evil")]
        answer = await ask(site.auth.app, "GET", "/api/session", headers=beside)
        assert answer.status == 200, "a planted name does not shut the owner out"


MALFORMED_AUTHORIZATION = (
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
)


async def test_a_malformed_authorization_is_refused(site: Site) -> None:
    """`Authorization` wins: a bad one is refused with 401, whatever cookies come with it."""
    good = await cookie_of(site)
    for value in MALFORMED_AUTHORIZATION:
        for method, path in (("GET", "/api/session"), ("GET", "/api/sessions"), ("DELETE", "/api/sessions")):
            headers = [(b"authorization", value), (b"cookie", SESSION + b"=" + good)]
            answer = await ask(site.auth.app, method, path, headers=headers)
            code = "invalid_dpop_proof" if value.startswith(b"DPoP") else "invalid_token"
            assert (answer.status, answer.code) == (401, code), (method, path, value[:40])


NO_ADDRESSES = [
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
    "/api/session/",
    "//api/session",
    "/api/sessions/a%2Fb%2Fc",
    "/auth/sign-in",
    "/dev/mail",
    "/dev/mail/1",
    "/%5c%5cevil.example/sign-in",
    "//evil.example/%2e%2e",
]


async def test_addresses_that_are_none(site: Site) -> None:
    for path in [*NO_ADDRESSES, "/\xff"]:
        kind, body = (JSON, b"{}") if path.startswith("/api/") else (FORM, b"")
        for method in ("GET", "HEAD", "POST", "DELETE"):
            if path.startswith(("/static/", "/dev/mail")) and method in ("POST", "DELETE"):
                continue
            answer = await ask(site.auth.app, method, path, headers=[kind], body=body)
            assert answer.status == 404, (method, path, answer.status)
            assert "location" not in answer.headers


WITH_NUL = [
    "/sign-in?return_to=%00",
    "/verify-email?token=%00",
    "/recover/new-password?token=%00",
    "/account?done=%00",
    "/account?%00=a",
    "/account/email/confirm?token=a%00",
    "/admin?q=%00",
    "/admin/audit?event=%00",
    "/admin/audit?account=%00",
]


async def test_nul_in_a_query(every_site: Site) -> None:
    cookie = (b"cookie", SESSION + b"=" + await cookie_of(every_site, is_admin=True))
    for path in WITH_NUL:
        answer = await ask(every_site.auth.app, "GET", path, headers=[cookie])
        assert answer.status == 422, path


STRANGE_PATHS = """
GET /admin/accounts/%00|DELETE /api/sessions/%00|DELETE /api/sessions/ses_%ff%fe|GET /dev/mail/%00
DELETE /api/sessions/%ed%a0%80|GET /admin/accounts/%ed%a0%80|DELETE /api/sessions/%F0%9F%98%80
""".strip().replace("\n", "|")


async def test_strange_letters_in_a_path(every_site: Site) -> None:
    cookie = (b"cookie", SESSION + b"=" + await cookie_of(every_site, is_admin=True))
    for line in STRANGE_PATHS.split("|"):
        method, path = line.split()
        assert (await ask(every_site.auth.app, method, path, headers=[cookie])).status == 404, line


ANY_QUERY = [
    *[
        "before=99999999999999999999999",
        "before=9223372036854775808",
        "before=-1",
        "before=0",
        "before=a",
        "before=%D9%A3",
    ],
    *["before=1&before=2", "event=%25", "event=_", "event=%ff", "account=%ed%a0%80", "=&=&&&", "q=%25", "q='", "q=\\"],
    f"before={'9' * 5000}",
    f"event={'x' * 5000}",
    f"account={'x' * 5000}",
    f"q={'x' * 5000}",
]


async def test_the_console_takes_any_query(every_site: Site) -> None:
    cookie = (b"cookie", SESSION + b"=" + await cookie_of(every_site, is_admin=True))
    for query in ANY_QUERY:
        for page in ("/admin", "/admin/audit"):
            answer = await ask(every_site.auth.app, "GET", f"{page}?{query}", headers=[cookie])
            assert answer.status == 200, (page, query[:60])


ALLOWED = {
    "/api/sign-in": {"POST"},
    "/api/sessions": {"GET", "HEAD", "DELETE"},
    "/api/session": {"GET", "HEAD"},
    "/api/openapi.json": {"GET", "HEAD"},
    "/sign-in": {"GET", "HEAD", "POST"},
    "/account": {"GET", "HEAD"},
    "/healthz": {"GET", "HEAD"},
    "/account/password": {"POST"},
}


async def test_other_methods(site: Site) -> None:
    for path, methods in ALLOWED.items():
        for method in ("PUT", "PATCH", "TRACE", "FOO", "get", "PROPFIND"):
            answer = await ask(site.auth.app, method, path, headers=[JSON])
            assert answer.status == 405, (method, path)
            assert {word.strip() for word in answer.headers["allow"].split(",")} == methods, path


async def test_a_flood_of_headers(site: Site) -> None:
    headers = [(b"x-%d" % at, b"y" * 100) for at in range(2000)] + [(b"x-forwarded-for", b"1.1.1.1, " * 5000)]
    answer = await ask(site.auth.app, "GET", "/api/session", headers=headers)
    assert answer.code == "not_signed_in"


@pytest.mark.parametrize("name", ["origin", "sec-fetch-site", "user-agent", "accept", "content-length", "referer"])
async def test_headers_with_strange_values(site: Site, name: str) -> None:
    await site.person()
    for at, value in enumerate((b"", b"\xff\xfe", b"x" * 20_000, b"a\x00b", b"${jndi:ldap://x}", b'"\\')):
        before = await kept(site)
        headers = [(name.encode(), value), JSON]
        assert (await ask(site.auth.app, "GET", "/sign-in", headers=headers)).status == 200
        body, client = b'{"identifier": "ann@example.org", "password": "%s"}' % PASSWORD.encode(), f"203.0.113.{at}"
        answer = await ask(site.auth.app, "POST", "/api/sign-in", headers=headers, body=body, client=client)
        if name in ("origin", "sec-fetch-site"):
            assert answer.code == "cross_site_refused"
            assert await kept(site) == before
        else:
            assert answer.status == 200
