"""Without the server: who is signed in, until when, what may be done, and whether the clock is believed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.sdk.house import Pages, Person, Refused, Tab
from tests.sdk.letters import cut, join

HOUR, DAY = 3_600_000, 86_400_000


def shifted(by: int) -> str:
    """Give a script that sets a device's clock before anything looks at it; tests set it again and pass a minute."""
    return f"""(() => {{
      if (globalThis.setClock) return setClock({by});
      const Real = Date;
      let by = {by};
      const everyMinute = [];
      globalThis.setClock = (other) => (by = other);
      globalThis.minutePasses = () => everyMinute.forEach((work) => work());
      globalThis.setInterval = (work) => everyMinute.push(work);
      globalThis.Date = class extends Real {{
        constructor(...when) {{ super(...(when.length ? when : [Real.now() + by])); }}
        static now() {{ return Real.now() + by; }}
      }};
    }})()"""


async def signed_in(pages: Pages, *, by: int = 0) -> tuple[Tab, Person]:
    tab = await pages.open(init=shifted(by))
    person = await pages.house.person()
    await tab.sign_in(person)
    return tab, person


async def restarted(pages: Pages, tab: Tab, *, by: int = 0) -> Tab:
    """Close the page, and open it in the same browser when its device's clock shows something else."""
    context = tab.page.context
    await tab.page.close()
    page = await context.new_page()
    await page.add_init_script(shifted(by))
    opened = Tab(page, pages.house)
    await opened.enter()
    return opened


async def allowed(tab: Tab) -> tuple[bool, Any]:
    offline = (await tab.state())["offline"]
    return offline["allowed"], offline["because"]


async def test_it_says_who_and_until_when(pages: Pages) -> None:
    tab, person = await signed_in(pages)
    await cut(tab.page.context)
    tab = await restarted(pages, tab)
    state = await tab.state()
    assert (state["status"], state["account"]["email"]) == ("signed_in", person.email)
    ends = datetime.fromisoformat(state["session"]["expires_at"])
    assert ends - datetime.now(UTC) > timedelta(days=6)
    assert state["offline"] == {"until": ends, "scopes": [], "allowed": True, "because": None}


async def test_what_may_be_done_is_what_the_server_says_and_the_account_holds(own_pages: Pages) -> None:
    tab, person = await signed_in(own_pages)
    assert await tab.run("coatcheck.mayOffline('notes:write')") is False
    async with httpx.AsyncClient(base_url=own_pages.house.url) as asking:
        (await asking.post(f"/people/{person.id}/may-write")).raise_for_status()
    await tab.sign_in(person)
    assert (await tab.state())["offline"]["scopes"] == ["notes:write"]
    await cut(tab.page.context)
    tab = await restarted(own_pages, tab)
    with pytest.raises(Refused):
        await tab.fetch("/api/me")
    assert await tab.run("coatcheck.mayOffline('notes:write')") is True
    assert await tab.run("coatcheck.mayOffline('notes:delete')") is False
    post = {"method": "POST", "url": "/api/inbox", "json": 1}
    await tab.run("coatcheck.queue.add(post)", post={**post, "scope": "notes:write"})
    with pytest.raises(Refused) as refused:
        await tab.run("coatcheck.queue.add(post)", post={**post, "scope": "notes:delete"})
    assert refused.value.code == "not_allowed_offline"


async def test_a_clock_that_was_set_back_is_noticed(pages: Pages) -> None:
    tab, _ = await signed_in(pages)
    await cut(tab.page.context)
    tab = await restarted(pages, tab, by=-2 * HOUR)
    assert (await tab.state())["status"] == "signed_in"
    assert await allowed(tab) == (False, "clock_set_back")
    await join(tab.page.context)
    await tab.until("state.offline.allowed")  # by the server's time, whatever the clock shows
    assert (await tab.fetch("/api/me"))[0] == 200
    tab = await restarted(pages, tab, by=-2 * HOUR)
    assert await allowed(tab) == (True, None)


async def test_time_moves_on_while_it_is_in_use_and_the_clock_is_set_back_by_as_much(pages: Pages) -> None:
    tab, _ = await signed_in(pages)
    await cut(tab.page.context)
    tab = await restarted(pages, tab, by=5 * HOUR)
    assert await allowed(tab) == (True, None)
    tab = await restarted(pages, tab, by=3 * HOUR)
    assert await allowed(tab) == (False, "clock_set_back")
    tab = await restarted(pages, tab, by=5 * HOUR)
    assert await allowed(tab) == (True, None)


async def test_a_clock_that_is_set_while_the_page_is_open_is_noticed(pages: Pages) -> None:
    tab, _ = await signed_in(pages)
    await cut(tab.page.context)
    await tab.page.evaluate(f"setClock({-2 * HOUR}); minutePasses()")
    await tab.until("state.offline.because === 'clock_set_back'")
    await tab.page.evaluate(f"setClock({8 * DAY}); minutePasses()")
    await tab.until("state.offline.because === 'expired'")


async def test_a_clock_that_was_set_forward_counts_until_the_server_is_heard(pages: Pages) -> None:
    tab, _ = await signed_in(pages)
    await cut(tab.page.context)
    tab = await restarted(pages, tab, by=8 * DAY)
    assert (await tab.state())["status"] == "signed_in"
    assert await allowed(tab) == (False, "expired")
    tab = await restarted(pages, tab)
    assert await allowed(tab) == (False, "expired")
    await join(tab.page.context)
    await tab.until("state.offline.allowed")


@pytest.mark.parametrize("by", [-3 * HOUR, 3 * HOUR])
async def test_a_device_whose_clock_is_always_wrong_works_as_any_other(by: int, pages: Pages) -> None:
    tab, person = await signed_in(pages, by=by)
    assert await allowed(tab) == (True, None)
    await cut(tab.page.context)
    tab = await restarted(pages, tab, by=by)
    assert (await tab.state())["account"]["id"] == person.id
    assert await allowed(tab) == (True, None)
    await join(tab.page.context)
    assert (await tab.fetch("/api/me"))[0] == 200


async def test_what_is_kept_is_sealed_anew_under_the_hands_of_another_tab(pages: Pages) -> None:
    """While one tab seals all of it by another key, what the other one keeps meanwhile is not lost."""
    tab, _ = await signed_in(pages)
    other = await pages.tab(tab.page.context)
    await other.run(
        "globalThis.putting = (async () => {"
        " for (let count = 0; count < 150; count++) {"
        " await coatcheck.data.put('count', count);"
        " if ((await coatcheck.data.get('count')) !== count) throw new Error('lost'); } })();"
    )
    for _ in range(3):
        await tab.run("coatcheck.unprotect()")  # seals it anew, and asks for no passkey
    await other.run("await putting;")
    assert await tab.run("coatcheck.data.get('count')") == 149
