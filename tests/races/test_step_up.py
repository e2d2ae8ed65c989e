"""Steps up in flight while their sessions end: no session comes back by one, and no secret they gave works."""

import asyncio
from contextlib import AsyncExitStack

from coatcheck.ending.end_sessions import end_session, end_sessions
from coatcheck.gate.cookie import check_cookie
from coatcheck.login.sign_in import Admitted, MoreNeeded
from coatcheck.login.with_password import step_up_with_password
from tests.races.nodes import Nodes, at_once, counted, hashing_held, in_line, let_in, statuses_of, visit
from tests.site import PASSWORD


async def test_against_ending_all(pair: Nodes) -> None:
    ann = await pair[0].person()
    cookies = [(await let_in(pair[0], ann)).secret.reveal() for _ in range(10)]
    principals = [await check_cookie(pair[0].desk, cookie) for cookie in cookies]

    def step(number: int) -> "asyncio.Task[Admitted | MoreNeeded]":
        going = step_up_with_password(pair[number % 2].desk, visit(number), principals[number], password=PASSWORD)
        return asyncio.create_task(going)

    async with AsyncExitStack() as until_ended:
        async with hashing_held(pair):
            early = [step(number) for number in range(5)]
            await in_line(pair, 5)
            await until_ended.enter_async_context(hashing_held(pair))
            late = [step(number) for number in range(5, 10)]
            await in_line(pair, 12)
        await asyncio.wait(early, return_when=asyncio.FIRST_COMPLETED)
        await end_sessions(pair[1].desk, visit(), account=ann.id, actor=ann.id)
    outcomes = await at_once([*early, *late])
    assert counted(outcomes[5:]) == {"SessionEnded": 5}
    raised = [outcome.secret.reveal() for outcome in outcomes if isinstance(outcome, Admitted)]
    assert len(raised) > 0
    for node in pair:
        await node.follow_log()
        assert set(await statuses_of(node, cookies + raised)) == {401}


async def test_of_one_session_by_two_tabs(pair: Nodes) -> None:
    """Each gets a secret; the last one works, and the one before it for ten seconds."""
    ann = await pair[0].person()
    cookie = (await let_in(pair[0], ann)).secret.reveal()
    principal = await check_cookie(pair[0].desk, cookie)
    outcomes = await at_once(
        step_up_with_password(node.desk, visit(number), principal, password=PASSWORD)
        for number, node in enumerate(pair)
    )
    secrets = [outcome.secret.reveal() for outcome in outcomes if isinstance(outcome, Admitted)]
    assert len(secrets) == 2
    for node in pair:
        await node.follow_log()
    assert await statuses_of(pair[0], [*secrets, cookie]) == [200, 200, 401]
    await end_session(pair[1].desk, visit(), account=ann.id, session=principal.session or "", actor=ann.id)
    await pair[0].follow_log()
    assert await statuses_of(pair[0], [*secrets, cookie]) == [401, 401, 401]
