"""Mail: whether the mailbox of development is open, and why no mail is sent from here."""

from collections.abc import AsyncIterator
from typing import Final

from coatcheck.doctor.finding import Outcome
from coatcheck.doctor.outside.check import Check
from coatcheck.doctor.outside.probe import Case, Probe
from coatcheck.doctor.principles import EVENTS, SECRETS

MAILBOX: Final = Check("mailbox-open", SECRETS, "high")
DELIVERY: Final = Check("mail-delivery", EVENTS, "high")


async def look_at_mail(case: Case) -> AsyncIterator[Outcome]:
    """Ask for the mailbox that stands for a mail server where there is none."""
    seen = await case.asking.get("/dev/mail", {"accept": "text/html"})
    who = "everybody on this machine" if case.target.is_this_machine else "everybody"
    yield MAILBOX.judged(
        f"no mail is sent: {who} reads it at /dev/mail, links and codes and all" if seen.status == 200 else None,
        fix='set `mail.smtp_url = "smtps://user@mail.example.org"` and `mail.sender`, the password in '
        "`COATCHECK_MAIL__SMTP_URL`",
        right="nobody reads mail at /dev/mail",
    )
    yield DELIVERY.not_run(
        "the permit's account has no mailbox that could be looked into; `coatcheck doctor` on the server asks the mail "
        "server, and lists what waits"
    )


PROBE: Final = Probe((MAILBOX, DELIVERY), look_at_mail)
