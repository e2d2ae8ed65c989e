"""End the session that a browser had, when a new sign-in takes its cookie's place."""

from coatcheck.desk import Desk
from coatcheck.ending.sign_out import sign_out
from coatcheck.errors import CoatcheckError
from coatcheck.gate.authenticate import whose_to_end
from coatcheck.verifier import Principal
from coatcheck.visit import Visit


async def end_replaced_session(desk: Desk, visit: Visit) -> None:
    """End the session behind the cookies that this request came with, if there is one.

    Its cookies make room for the new session's, so nobody could sign it out from here any more.

    See: ASVS 7.2.4; NIST SP 800-63B-4 section 5.1.
    """
    replaced = await _principal(desk, visit)
    if replaced is not None:
        await sign_out(desk, visit, replaced)


async def _principal(desk: Desk, visit: Visit) -> Principal | None:
    try:
        return await whose_to_end(desk, visit.asked)
    except CoatcheckError:
        return None
