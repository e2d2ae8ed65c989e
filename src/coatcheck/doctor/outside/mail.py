"""Mail: whether the mailbox of development is open, and whether the mail server takes what is sent."""

from collections.abc import AsyncIterator
from typing import Final

from coatcheck.doctor.finding import Outcome
from coatcheck.doctor.fixes import set_to, write
from coatcheck.doctor.outside.check import Check
from coatcheck.doctor.outside.probe import NEEDS_PERMIT, CannotTell, Case, Probe
from coatcheck.doctor.principles import EVENTS, SECRETS

MAILBOX: Final = Check("mailbox-open", SECRETS, "high")
DELIVERY: Final = Check("mail-not-delivered", EVENTS, "high")

_WITHIN_S: Final = 20


async def look_at_mail(case: Case) -> AsyncIterator[Outcome]:
    """Ask for the mailbox that stands for a mail server where there is none."""
    seen = await case.asking.get("/dev/mail", {"accept": "text/html"})
    who = "everybody on this machine" if case.target.is_this_machine else "everybody"
    yield MAILBOX.judged(
        f"no mail is sent: {who} reads it at /dev/mail, links and codes and all" if seen.status == 200 else None,
        fix=set_to("mail", 'smtp_url = "smtps://USER:PASSWORD@mail.example.org"', 'sender = "…"'),
        right="nobody reads mail at /dev/mail",
    )
    if seen.status == 200:
        yield DELIVERY.not_run("there is no mail server")
    elif case.permit is None:
        yield DELIVERY.not_run(case.withheld or NEEDS_PERMIT)
    else:
        yield await _delivered(case)


PROBE: Final = Probe((MAILBOX, DELIVERY), look_at_mail)


async def _delivered(case: Case) -> Outcome:
    """Have a mail written to the permit's account, and see it handed over to the mail server."""
    before = await _mails(case)
    asked = await case.asking.call("/api/recover", {"email": case.granted.email}, case.with_permit())
    if asked.status != 202:
        raise CannotTell(f"no mail could be asked for: {asked.status} {asked.words.get('code', '')}".strip())
    for _ in range(_WITHIN_S + 1):
        now = await _mails(case)
        if now["written"] > before["written"] and not now["waiting"]:
            return DELIVERY.passed("a mail to the permit's account was handed over to the mail server")
        await case.pause(1)
    return DELIVERY.found(
        f"a mail to the permit's account was not handed over to the mail server within {_WITHIN_S} seconds",
        write("On the server, this tells whether the mail server answers, and what waits", "coatcheck doctor"),
    )


async def _mails(case: Case) -> dict[str, int]:
    """Ask what became of the mails to the permit's account: how many were written, and how many wait."""
    seen = await case.asking.get("/api/doctor/permit", case.with_permit())
    mails = seen.words.get("mails")
    if not isinstance(mails, dict):
        raise CannotTell("the server says nothing of the permit's mails")
    return {name: int(mails.get(name, 0)) for name in ("written", "waiting")}
