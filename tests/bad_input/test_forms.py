"""Bad forms, at every page that takes one: a page says what is wrong, and nothing changed."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import given as drawn
from hypothesis import strategies

from coatcheck.http.bodies import _pairs
from tests.bad_input.raw import ask, kept
from tests.site import FORM_TOKEN, PASSWORD, Site

FORM = b"application/x-www-form-urlencoded"
PAGES = {
    "/sign-in": "identifier=ann%40example.org&password=x",
    "/sign-up": "email=ben%40example.org&password=seven+quiet+lanterns+drift",
    "/sign-out": "everywhere=true",
    "/recover": "email=ann%40example.org",
    "/recover/new-password": "token=x&password=x",
    "/verify-email": "token=x",
    "/account/password": "password=x&new_password=y",
    "/account/email": "password=x&new_email=new%40example.org",
    "/account/email/confirm": "token=x",
    "/account/close": "password=x",
    "/account/sessions/end-others": "",
    "/account/sessions/ses_x/end": "",
    "/admin/accounts/acc_x/lock": "",
    "/admin/accounts/acc_x/roles": "role=editor&action=grant",
    "/admin/set-up": "token=x&email=eve%40example.org&password=x",
}
# What is wrong, the status it is answered with, and whether the right token makes a difference.
WRONG: dict[str, tuple[bytes, bytes, int]] = {
    "thousands of fields": (FORM, b"&".join(b"f%d=1" % at for at in range(5000)), 400),
    "a field twice": (FORM, b"{good}&password=a&password=b", 400),
    "the token twice": (FORM, b"{good}&form_token=x", 400),
    "not utf-8": (FORM, b"{good}&more=%ff%fe", 400),
    "raw bytes": (FORM, b"{good}&more=\xff", 400),
    "a surrogate": (FORM, b"{good}&more=%ed%a0%80", 400),
    "NUL": (FORM, b"{good}&more=a%00b", 422),
    "NUL in a name": (FORM, b"{good}&mo%00re=a", 422),
    "json": (b"application/json", b'{"token": "x"}', 415),
    "text": (b"text/plain", b"{good}", 415),
    "no type": (b"", b"{good}", 415),
    "multipart": (
        b"multipart/form-data; boundary=x",
        b"".join(b'--x\r\ncontent-disposition: form-data; name="f%d"\r\n\r\n1\r\n' % at for at in range(1000))
        + b"--x--",
        415,
    ),
}


@pytest.mark.parametrize("what", WRONG)
async def test_bad_forms(site: Site, what: str) -> None:
    account = await site.person()
    browser = await site.signed_in()
    token = FORM_TOKEN.search((await browser.get("/account")).text)
    assert token is not None
    kind, body, status = WRONG[what]
    cookie = (b"cookie", "; ".join(f"{name}={value}" for name, value in browser.cookies.items()).encode())
    headers = [cookie, (b"sec-fetch-site", b"same-origin"), *([(b"content-type", kind)] if kind else [])]
    before = await kept(site)
    for path, good in PAGES.items():
        sent = body.replace(b"{good}", f"form_token={token[1]}&{good}".encode())
        answer = await ask(site.auth.app, "POST", path, headers=headers, body=sent)
        # An administrator's page says 403 to anybody else before it reads what was sent.
        expected = {403, status} if path.startswith("/admin/acc") else {status}
        assert answer.status in expected, (path, answer)
        assert answer.headers["content-type"].startswith("text/html")
        assert b"<h1>" in answer.body
    assert await kept(site) == before
    assert account.is_active


async def test_over_long_fields(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    before = await kept(site)
    token = FORM_TOKEN.search((await browser.get("/account")).text)
    assert token is not None
    long = "x" * 50_000
    for path, name in {"/sign-up": "email", "/recover": "email", "/account/email": "new_email"}.items():
        fields = {"form_token": token[1], "password": PASSWORD, name: f"{long}@example.org"}
        answer = await browser.post(path, data=fields)
        assert answer.status_code == 422, (path, answer.status_code)
        assert long not in answer.text
    assert await kept(site) == before


@pytest.mark.parametrize("given", ["", "x", "0" * 64, "é"])
async def test_another_form_token(site: Site, given: str) -> None:
    await site.person()
    browser = await site.signed_in()
    await browser.get("/account")
    before = await kept(site)
    for path in PAGES:
        answer = await browser.post(path, data={"form_token": given, "password": PASSWORD, "email": "a@example.org"})
        assert answer.status_code == 403, path
    assert await kept(site) == before


@drawn(strategies.text("ab=&%+4Ff0c3;.", max_size=20))
def test_a_form_is_taken_apart_as_python_does(text: str) -> None:
    """Ours is quicker; what it gives, and what it refuses, is the same."""
    try:
        expected = parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors="strict")
    except ValueError:
        with pytest.raises(ValueError, match="codec"):
            _pairs(text)
    else:
        assert _pairs(text) == expected
