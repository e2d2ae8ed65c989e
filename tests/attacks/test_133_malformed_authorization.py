"""Attack 133: GHSA-xmf8-cvqr-rfgj, Auth.js: a malformed `Authorization` header throws instead of giving 401.

Here a header that holds no credential we know is refused before anything is decoded, without a look at the cookies
beside it: a bad credential never falls back to another.
"""

from tests.site import Site

MALFORMED = (
    b"", b" ", b"Bearer", b"Bearer ", b"bearer", b"Bearer  x  y", b"Bearer \xff\xfe", b"Bearer a.b.c", b"Bearer ...",
    b"Basic", b"Basic !!!", b"Basic Og==", b"Basic YQ==", b"DPoP x", b"Digest a=b, c", b"\x80\x81",
    b"Bearer " + b"A" * 50_000, b"Bearer " + b"." * 50_000, b"Bearer eyJhbGciOiJub25lIn0.e30.", b"null", b"undefined",
    b"Bearer null", b"Bearer \xc2\xa0",
)  # fmt: skip
ASKED = ("/api/session", "/api/sessions")


async def test_it_is_401_and_a_problem_document(site: Site) -> None:
    await site.person()
    for browser in (site.browser(), await site.signed_in()):
        for value in MALFORMED:
            for path in ASKED:
                answer = await browser.get(path, headers=[(b"authorization", value)])
                code = "invalid_dpop_proof" if value.startswith(b"DPoP") else "invalid_token"
                assert (answer.status_code, answer.json()["code"]) == (401, code), value
                assert answer.headers["content-type"] == "application/problem+json"


async def test_two_of_them_are_refused(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    twice = [(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")]
    assert (await browser.get("/api/session", headers=twice)).status_code == 401


async def test_it_changes_nothing_either(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    for value in MALFORMED:
        answer = await browser.delete("/api/sessions", headers=[(b"authorization", value)])
        assert answer.status_code == 401, value
    assert (await browser.get("/api/session")).status_code == 200
