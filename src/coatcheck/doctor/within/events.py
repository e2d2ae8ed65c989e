"""Principle 5: is everything recorded, is the record whole, and do the people concerned hear of it by mail?"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from shutil import disk_usage
from typing import Final

from coatcheck.audit import records as audit
from coatcheck.audit.checkpoint import Checkpoint, read_checkpoints
from coatcheck.audit.verify import verify
from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.desk import records as outbox
from coatcheck.doctor.finding import Finding, NotRun, Outcome, Passed
from coatcheck.doctor.fixes import run, set_to, unless_found
from coatcheck.doctor.principles import EVENTS
from coatcheck.doctor.within.looked_at import LookedAt, is_near
from coatcheck.http.ago import in_words as ago
from coatcheck.mail.message import MailNotSent
from coatcheck.mail.smtp import SmtpMailer
from coatcheck.settings.durations import in_words
from coatcheck.settings.files import sqlite_file

_SEALED_WITHIN: Final = timedelta(minutes=1)
_FIRST_START_WITHIN: Final = timedelta(days=1)
_SENT_WITHIN: Final = timedelta(minutes=10)
_KEPT_FOR: Final = timedelta(days=90)
_LITTLE_MIB: Final = 500
_MIB: Final = 1024 * 1024


def check_mail(looked: LookedAt) -> tuple[Outcome, ...]:
    """Find that no mail is sent, or under a name that mail servers refuse."""
    passed = Passed("mail", EVENTS, f"Mail is sent as {looked.settings.mail.sender}.")
    return unless_found(_mail(looked), passed)


def _mail(looked: LookedAt) -> Iterator[Finding]:
    mail = looked.settings.mail
    if mail.smtp_url is None:
        yield Finding(
            "mail-not-sent",
            EVENTS,
            "high",
            "mail.smtp_url is not set: nobody gets a mail, be it to sign up, to recover an account, or a warning.",
            set_to(
                "mail",
                'smtp_url = "smtp://USER:PASSWORD@mail.example.org:587"',
                'sender = "Example <no-reply@example.org>"',
            ),
        )
    elif is_near(mail.sender.rpartition("@")[2].rstrip("> ")):
        says = f"mail.sender is {mail.sender}: mail servers refuse a sender without a domain."
        yield Finding(
            "mail-sender", EVENTS, "medium", says, set_to("mail", 'sender = "Example <no-reply@example.org>"')
        )


def check_kept(looked: LookedAt) -> tuple[Outcome, ...]:
    """Find a trail that is kept for too short, or nowhere but here."""
    passed = Passed("audit-kept", EVENTS, f"Events are kept for {in_words(looked.settings.audit.keep_for)}.")
    return unless_found(_kept(looked), passed)


def _kept(looked: LookedAt) -> Iterator[Finding]:
    trail = looked.settings.audit
    if trail.keep_for < _KEPT_FOR:
        says = f"audit.keep_for is {in_words(trail.keep_for)}: many break-ins are noticed later than that."
        yield Finding("audit-kept-short", EVENTS, "medium", says, set_to("audit", 'keep_for = "730 days"'))
    if trail.checkpoint_file is None:
        yield Finding(
            "audit-no-checkpoints",
            EVENTS,
            "low",
            "audit.checkpoint_file is not set: who takes over this machine can cut the end off the audit trail unseen.",
            set_to("audit", 'checkpoint_file = "/srv/other-machine/checkpoints.jsonl"'),
        )


async def check_trail(desk: Desk) -> tuple[Outcome, ...]:
    """Find what somebody changed in the audit trail, and rows that nobody seals."""
    verdict = await verify(desk, _checkpoints(desk))
    passed = Passed("audit-trail", EVENTS, f"The audit trail is whole: {verdict.sealed} sealed rows were checked.")
    changed = [
        Finding(
            "audit-changed",
            EVENTS,
            "high",
            f"The audit trail was changed: {verdict.findings[0].says}",
            run("coatcheck audit verify", why="Somebody may have had this database; see all that was changed"),
        )
        for _ in verdict.findings[:1]
    ]
    return unless_found(
        [*changed, *await _unsealed(desk, _FIRST_START_WITHIN if not verdict.sealed else _SEALED_WITHIN)], passed
    )


def _checkpoints(desk: Desk) -> list[Checkpoint]:
    file = desk.settings.audit.checkpoint_file
    return read_checkpoints(Path(file)) if file and Path(file).exists() else []


async def _unsealed(desk: Desk, within: timedelta) -> list[Finding]:
    async with desk.database.reading() as db:
        oldest = await audit.unsealed_after(db, 0, 1)
        count = await audit.count_unsealed(db)
    if not oldest or desk.now() - oldest[0][0].at < millis(within):
        return []
    since = ago(oldest[0][0].at, desk.now())
    says = (
        f"No server runs that seals events: {count} wait, the oldest from {since}; nothing shows if they are changed."
    )
    return [Finding("audit-unsealed", EVENTS, "medium", says, run("coatcheck serve", why="The server seals them"))]


async def check_outbox(desk: Desk) -> tuple[Outcome, ...]:
    """Find mail that waits for longer than sending takes."""
    async with desk.database.reading() as db:
        count, oldest = await outbox.waiting_since(db, desk.now() - millis(_SENT_WITHIN))
    if not count or desk.settings.mail.smtp_url is None:
        return (Passed("outbox", EVENTS, "No mail is stuck."),)
    says = f"Mail is stuck: {count} in all, the oldest from {ago(oldest, desk.now())}; after a day it is dropped."
    fix = run("coatcheck serve 2>&1 | grep mail.not_sent", why="The server's log says why; mail.smtp_url may be wrong")
    return (Finding("mail-stuck", EVENTS, "high", says, fix),)


async def check_mail_server(desk: Desk) -> tuple[Outcome, ...]:
    """Find a mail server that cannot be reached, or takes neither TLS nor the password; no mail is sent by this."""
    mail = desk.settings.mail
    if mail.smtp_url is None:
        return (NotRun("mail-server", EVENTS, "there is no mail server to try: set mail.smtp_url"),)
    try:
        await SmtpMailer(mail.smtp_url, mail.sender).try_out()
    except MailNotSent as problem:
        says = f"The mail server does not let us in: {problem}."
        fix = set_to("mail", 'smtp_url = "smtp://USER:PASSWORD@HOST:587"  # as the mail server expects it')
        return (Finding("mail-server-refuses", EVENTS, "high", says, fix),)
    return (Passed("mail-server", EVENTS, "The mail server lets us in."),)


def check_disk(looked: LookedAt) -> tuple[Outcome, ...]:
    """Find a disk that is nearly full: without room neither sign-ins nor events can be written."""
    file = sqlite_file(looked.settings.database.url)
    if file is None:
        return (NotRun("disk", EVENTS, "the database is on its own server: look at that one's disk"),)
    folder = Path(file).parent
    free = disk_usage(folder if folder.exists() else looked.config.resolve().parent).free // _MIB
    if free >= _LITTLE_MIB:
        return (Passed("disk", EVENTS, f"The disk with the database has {free // 1024} GiB free."),)
    says = f"The disk with the database has {free} MiB free: when it is full, nobody signs in and nothing is recorded."
    return (Finding("disk-full", EVENTS, "high", says, run(f"df -h {folder}", why="Make room, or move the database")),)
