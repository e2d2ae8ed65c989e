"""Attack 145: rauthy #1167: a client's secret is compared letter by letter, and the time tells how many were right.

Here what is compared is the SHA-256 of the secret, of which nobody can choose the letters, and by a comparison that
takes the same time for all. Each of a service's secrets is compared, and one that nobody has for a service that there
is not, so that the number of comparisons tells nothing either.
"""

import hmac
from typing import Any
from unittest.mock import patch

from tests.clients.machines import Machine, machine
from tests.site import Site
from tests.statements import statements, verbs

NOBODY = "svc_" + "a" * 26


async def work_of(asking: Machine) -> tuple[int, int, list[str]]:
    """Give the status, how often something was compared in constant time, and which statements ran."""
    compared: list[tuple[Any, ...]] = []
    compare = hmac.compare_digest

    def note(*pair: Any) -> bool:
        compared.append(pair)
        return compare(*pair)

    with patch.object(hmac, "compare_digest", note), statements() as seen:
        answer = await asking.ask_for_token()
    assert all(len(each) == 32 for pair in compared for each in pair), "hashes, never the secrets"
    return answer.status_code, len(compared), verbs(seen)


async def test_the_same_is_done_whatever_was_wrong(site: Site) -> None:
    made = await machine(site)
    await Machine(site, NOBODY, "warm-up").ask_for_token()
    almost, nothing = made.secret[:-1] + "!", "x"
    wrong = [Machine(site, made.id, almost), Machine(site, made.id, nothing), Machine(site, NOBODY, almost)]
    works = [await work_of(each) for each in wrong]
    assert works[0] == works[1] == works[2]
    assert works[0][:2] == (401, 1)
    assert (await work_of(made))[:2] == (200, 1)
