"""Holes that were found by attacking the browser SDK: each tells what somebody else got, or what was lost."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.sdk.house import Pages, Person, Refused, Tab, with_authenticator
from tests.sdk.letters import add, bodies
from tests.sdk.test_sign_out import NOTHING, kept
from tests.sdk.test_worker import installed, sync

SLEEPS = """
const heard = [];
let isAsleep = false;
const { set } = Object.getOwnPropertyDescriptor(BroadcastChannel.prototype, "onmessage");
Object.defineProperty(BroadcastChannel.prototype, "onmessage", {
  set(hear) { set.call(this, (event) => (isAsleep ? heard.push(() => hear(event)) : hear(event))); },
});
globalThis.sleep = () => { isAsleep = true; };
globalThis.wake = () => { isAsleep = false; heard.splice(0).forEach((each) => each()); };
"""
"""As a browser does with a tab in the background: what other tabs say waits until the tab is looked at again."""


async def test_a_tab_that_slept_through_a_sign_out_goes_on_with_what_is_there_now(pages: Pages) -> None:
    """A vault made anew had the version of the erased one: a tab with the old key took it for its own.

    It could not read, nor sign out; and what it wrote was sealed by a key that no other tab has: lost.
    """
    tab = await pages.open(init=SLEEPS)
    person = await pages.house.person()
    await tab.sign_in(person)
    sleeper = await pages.tab(tab.page.context)
    await sleeper.page.evaluate("sleep()")
    await tab.run("coatcheck.signOut()")
    await tab.sign_in(person)
    await sleeper.page.evaluate("wake()")

    assert (await sleeper.fetch("/api/me"))[1]["id"] == person.id
    assert await sleeper.run("coatcheck.signOut()") == {"told": True}
    await tab.until("state.status === 'signed_out'")


async def with_passkey(pages: Pages, tab: Tab) -> tuple[Person, str]:
    """Sign somebody in whose passkey opens what is stored; give one of their backup codes, too."""
    person = await pages.house.person()
    await tab.sign_in(person)
    done = await tab.run("coatcheck.protectByPasskey()")
    return person, done["passkey"]["backup_codes"][0]


async def come_back(tab: Tab, person: Person, code: str) -> None:
    """Sign somebody in by other means than the passkey, so that what is stored stays locked."""
    more = await tab.sign_in(person)
    await tab.run("coatcheck.prove(more, 'backup_code', code)", more=more, code=code)
    assert (await tab.state())["status"] == "locked"


async def test_an_answer_that_waits_for_a_passkey_is_kept_for_its_own_person_alone(pages: Pages) -> None:
    """The passkey of the next person opened their vault, and the session of the former one was put into it.

    So what one person had stored, and what waited in their queue, would have been shown and sent as another.
    """
    tab = await pages.open()
    await with_authenticator(tab)
    ann, code_of_ann = await with_passkey(pages, tab)
    bob, code_of_bob = await with_passkey(pages, tab)
    await tab.reload()
    await come_back(tab, ann, code_of_ann)
    other = await pages.tab(tab.page.context)
    await come_back(other, bob, code_of_bob)

    await tab.page.bring_to_front()
    await tab.run("coatcheck.unlock()")
    assert (await tab.state())["account"] in (None, {"id": bob.id, "email": bob.email, "username": None})


async def test_signing_out_does_not_wait_for_a_server_that_hangs(pages: Pages) -> None:
    """Who signed out at a shared device and left was still signed in there, until the server answered."""
    tab = await pages.open()
    await tab.sign_in(await pages.house.person())
    await tab.page.route("**/api/sign-out", lambda _route: None)
    await tab.page.evaluate("() => { coatcheck.signOut(); }")
    await tab.until("state.status === 'signed_out'")
    assert await kept(tab) == NOTHING


HOLDS = """
const { encrypt } = SubtleCrypto.prototype;
let held = Promise.resolve();
globalThis.hold = () => { held = new Promise((done) => { globalThis.release = done; }); };
SubtleCrypto.prototype.encrypt = async function (...given) { await held; return encrypt.apply(this, given); };
"""
SEALING = """async () => {
  const isSealing = ({ name, mode }) => name.endsWith(" vault") && mode === "exclusive";
  while (!(await navigator.locks.query()).held.some(isSealing)) await new Promise((done) => setTimeout(done, 10));
}"""


async def test_what_is_erased_while_it_is_sealed_anew_stays_erased(pages: Pages) -> None:
    """All that a sign-out had erased was written again by another tab that was just sealing it anew."""
    tab = await pages.open(init=HOLDS)
    await with_authenticator(tab)
    await tab.sign_in(await pages.house.person())
    other = await pages.tab(tab.page.context)
    await tab.page.bring_to_front()
    await tab.page.evaluate(
        "() => { hold(); globalThis.done = coatcheck.protectByPasskey().catch((error) => String(error)); }"
    )
    await tab.page.evaluate(SEALING)
    await other.run("coatcheck.signOut()")
    await tab.page.evaluate("() => { release(); return globalThis.done; }")
    assert await kept(tab) == NOTHING


async def test_signing_out_does_not_wait_for_a_refresh_that_hangs(pages: Pages) -> None:
    """The same, where a refresh was on its way: it holds the lock of the session in all tabs."""
    tab = await pages.open()
    await tab.sign_in(await pages.house.person())
    async with tab.page.expect_request("**/api/token/refresh"):
        await tab.page.route("**/api/token/refresh", lambda _route: None)
        await tab.page.evaluate("() => { dispatchEvent(new Event('online')); }")
    await tab.page.evaluate("() => { coatcheck.signOut(); }")
    await tab.until("state.status === 'signed_out'")
    assert await kept(tab) == NOTHING


class Elsewhere(ThreadingHTTPServer):
    """Serve another origin, which takes whatever any page sends, and keeps its headers and body."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        super().__init__(("127.0.0.1", 0), Taking)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Taking(BaseHTTPRequestHandler):
    """Answer what is asked of `Elsewhere`."""

    server: Elsewhere

    def do_OPTIONS(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self._answer(b"{}")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("access-control-allow-origin", "*")
        self.send_header("access-control-allow-headers", "dpop, content-type, authorization")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_said: object) -> None:
        """Say nothing."""


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    """Serve another origin."""
    with Elsewhere() as serving:
        thread = Thread(target=serving.serve_forever, daemon=True)
        thread.start()
        yield serving
        serving.shutdown()


async def test_no_proof_follows_a_redirect(pages: Pages, elsewhere: Elsewhere) -> None:
    """A service with an open redirect had the browser hand proofs, and what was sent, to any other origin."""
    tab = await pages.open()
    await tab.sign_in(await pages.house.person())
    with pytest.raises(Refused, match="redirected") as refused:
        await tab.fetch(f"/away?to={elsewhere.url}", method="POST", body="mine")
    assert (refused.value.kind, elsewhere.got) == ("refused", [])
    assert (await tab.state())["online"]


async def test_a_worker_that_finds_the_session_ended_drops_what_is_personal(pages: Pages) -> None:
    """Where no page was open, what an app had cached of a person stayed after their session was found to be over."""
    tab, person = await installed(pages)
    context = tab.page.context
    await context.route("**/api/inbox", lambda route: route.abort("connectionreset"))
    await add(tab, "one")
    await tab.until("!state.online")
    await tab.run("await (await caches.open('letters')).put('/a', new Response('dear Ann'));")
    await tab.page.close()
    await pages.house.end_sessions(person)
    await context.unroute_all()
    page = await context.new_page()
    await page.goto(pages.house.url)
    await sync(Tab(page, pages.house), pages.house.url)
    gone = "while ((await caches.keys()).includes('letters')) await new Promise((done) => setTimeout(done, 50));"
    await page.evaluate(f"async () => {{ {gone} }}")
    assert await bodies(pages.house, person) == []
