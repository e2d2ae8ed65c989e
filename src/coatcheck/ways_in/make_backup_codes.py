"""Make a new set of one's own backup codes; those of before work no more."""

from coatcheck.accounts import records as accounts
from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.errors import NotFound
from coatcheck.login.notice import notice
from coatcheck.mfa.backup_codes import replace_codes
from coatcheck.mfa.enrolled import BACKUP_CODE, has_second_factor
from coatcheck.verifier import Principal
from coatcheck.visit import Visit
from coatcheck.ways_in.own_account import hold_own_account


async def make_backup_codes(desk: Desk, visit: Visit, principal: Principal) -> tuple[str, ...]:
    """Make ten backup codes in the place of those there were, to be shown once.

    Raises:
        NotFound: the account has no second factor that they could stand in for.
        SessionEnded: the session or the account is gone.

    See: NIST SP 800-63B-4 section 3.1.2; ASVS 6.5.1 to 6.5.3.
    """
    async with desk.database.writing() as tx:
        held = await hold_own_account(tx, principal)
        if not has_second_factor(held):
            raise NotFound("no second factor, so no backup codes")
        codes = await replace_codes(tx, desk, held.id)
        await accounts.set_factors(tx, held.id, held.factors | {BACKUP_CODE})
        await record(tx, desk, visit, "backup_code.made", account=held.id, session=principal.session)
        more = "Those of before work no more."
        await notice(tx, desk, visit, held, "New backup codes were made", more)
    return codes
