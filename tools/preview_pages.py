"""Renders every page template with sample data, for looking at: as HTML files, and as screenshots in real Chromium.

    .venv/bin/python tools/preview_pages.py build/pages            # HTML and screenshots
    .venv/bin/python tools/preview_pages.py build/pages --only sign_in --no-screenshots

Fails when a template has no sample here, or asks for a variable that its route is not meant to give.
"""

import argparse
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup
from playwright.sync_api import Browser, sync_playwright

SOURCE = Path(__file__).parents[1] / "src" / "coatcheck"
FRAMES = {"http/layout.html", "http/ticket.html", "http/wide.html", "http/parts.html"}
NOW = 1_767_261_600_000
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
CHROMIUM_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
CHROMIUM_FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
SCREENS = {"phone": (390, 844), "desktop": (1280, 800)}

ANN = {"email": "ann@example.org", "username": "ann", "is_admin": False, "session_id": "ses_2Qm8"}
ADMIN = {"email": "ivo@example.org", "username": None, "is_admin": True, "session_id": "ses_9Xk1"}
FIREFOX = {"device": "Firefox on Linux", "address": "203.0.113.7"}
SAFARI = {"device": "Safari on iPhone", "address": "2001:db8:51:7::1a2b"}
TAKEN = "Enter an email address, such as ann@example.org."
SHORT = "Use at least 15 characters."
WRONG = "That is not your password."


def session(number: int, seen: Mapping[str, str], *, current: bool = False, remembered: bool = False) -> dict[str, Any]:
    """Make up one session as pages list it."""
    times = {"created_at": NOW - number * DAY, "last_seen": NOW - number * 40 * MINUTE, "expires_at": NOW + 14 * DAY}
    return {"id": f"ses_{number}", "current": current, "remember_me": remembered, **times, **seen}


def event(number: int, name: str, outcome: str, details: Mapping[str, str]) -> dict[str, Any]:
    """Make up one audit event as the console lists it."""
    seen = FIREFOX if number % 2 else SAFARI
    account = None if name == "sign_in.refused" else "acc_5JqT0vYw2mR8nLxE1cKb7g"
    return {
        "at": NOW - number * 3 * HOUR,
        "event": name,
        "outcome": outcome,
        "details": details,
        "account": account,
        **seen,
    }


SESSIONS = [
    session(0, FIREFOX, current=True, remembered=True),
    session(3, SAFARI, remembered=True),
    session(9, {"device": "Chrome on Windows", "address": "198.51.100.24"}),
]
EVENTS = [
    event(1, "sign_in.admitted", "done", {"with": "password"}),
    event(2, "sign_in.refused", "refused", {"because": "wrong_password", "tries": "3"}),
    event(9, "password.changed", "done", {}),
    event(30, "account.made", "done", {"verified": "same_browser"}),
]
ACCOUNT = {
    "id": "acc_5JqT0vYw2mR8nLxE1cKb7g",
    "email": "ann@example.org",
    "username": "ann",
    "created_at": NOW - 210 * DAY,
}
PEOPLE = [
    {**ACCOUNT, "status": "active", "roles": ["admin", "editor"]},
    {
        **ACCOUNT,
        "id": "acc_2",
        "email": "ben.with.a.rather.long.name@example.org",
        "username": None,
        "status": "locked",
        "roles": [],
    },
    {
        **ACCOUNT,
        "id": "acc_3",
        "email": "chloe@example.org",
        "username": "chloe",
        "status": "closed",
        "roles": ["editor"],
    },
]
ACTIVITY = [
    {"at": NOW - 12 * MINUTE, "event_text": "Signed in", **FIREFOX},
    {"at": NOW - 3 * DAY, "event_text": "Password changed", **SAFARI},
    {"at": NOW - 9 * DAY, "event_text": "Signed in", **SAFARI},
]
MAILS = [
    {"id": "2", "to": "ann@example.org", "subject": "Choose a new password for Coatcheck", "at": NOW - 2 * MINUTE},
    {"id": "1", "to": "ann@example.org", "subject": "Confirm your email for Coatcheck", "at": NOW - HOUR},
]
SIGN_IN: dict[str, Any] = {
    "identifier": "", "remember_me": False, "return_to": "/notes", "problem": None,
    "has_passwords": True, "can_sign_up": True, "can_recover": True, "confirming": False,
}  # fmt: skip
SIGN_UP: dict[str, Any] = {"email": "", "username": "", "errors": {}, "ask_username": True, "min_length": 15}
MINE: dict[str, Any] = {"account": ACCOUNT, "has_passwords": True, "errors": {}, "min_length": 15, "activity": ACTIVITY}
MINE["last_sign_in"] = {"at": NOW - 2 * DAY, **SAFARI}
PROBLEM: dict[str, Any] = {"request_id": "req_7fQ2mB1xT0", "retry_after": None}


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Carry one page in one state."""

    name: str
    template: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    me: Mapping[str, Any] | None = None
    notice: str | None = None
    opened: bool = False


def samples() -> Iterator[Sample]:
    """List every page in the states worth looking at."""
    yield from ticket_samples()
    yield from account_samples()
    yield from admin_samples()
    yield from plumbing_samples()


def ticket_samples() -> Iterator[Sample]:
    """List the pages of nobody in particular."""
    page = "login/sign_in.html"
    refused = {"identifier": "ann@example.org", "remember_me": True, "problem": "That email and password do not match."}
    yield Sample(name="sign_in", template=page, variables=SIGN_IN)
    yield Sample(name="sign_in_refused", template=page, variables={**SIGN_IN, **refused})
    yield Sample(name="sign_in_noticed", template=page, variables=SIGN_IN, notice="Your session has ended.")
    yield Sample(name="sign_in_bare", template=page, variables={**SIGN_IN, "can_sign_up": False, "can_recover": False})
    confirming = {**SIGN_IN, "identifier": "ann@example.org", "confirming": True}
    yield Sample(name="sign_in_confirming", template=page, variables=confirming, me=ANN)
    yield Sample(name="sign_up", template="signup/sign_up.html", variables=SIGN_UP)
    failed = {**SIGN_UP, "email": "ann@", "username": "ann", "errors": {"email": TAKEN, "password": SHORT}}
    yield Sample(name="sign_up_refused", template="signup/sign_up.html", variables=failed)
    for name in ("signup/sign_up_sent", "recovery/recover_sent"):
        yield Sample(name=name.split("/")[1], template=f"{name}.html", variables={"email": "ann@example.org"})
    verify = {"token": "t", "ask_password": False, "problem": None}
    yield Sample(name="verify_email", template="signup/verify_email.html", variables=verify)
    elsewhere = {**verify, "ask_password": True, "problem": WRONG}
    yield Sample(name="verify_email_elsewhere", template="signup/verify_email.html", variables=elsewhere)
    yield Sample(name="recover", template="recovery/recover.html", variables={"email": "", "errors": {}})
    recovering = {"token": "t", "errors": {}, "min_length": 15}
    yield Sample(name="new_password", template="recovery/new_password.html", variables=recovering)
    for name in (
        "signup/verified",
        "recovery/recovered",
        "recovery/link_gone",
        "ending/signed_out",
        "my_account/closed",
    ):
        yield Sample(name=name.split("/")[1], template=f"{name}.html")
    yield Sample(name="sign_out", template="ending/sign_out.html", me=ANN)


def account_samples() -> Iterator[Sample]:
    """List the pages of one signed-in person."""
    page = "my_account/account.html"
    yield Sample(name="account", template=page, variables=MINE, me=ANN)
    yield Sample(
        name="account_opened", template=page, variables=MINE, me=ANN, opened=True, notice="Your password is changed."
    )
    failed = {**MINE, "errors": {"email.new_email": TAKEN, "email.password": WRONG}, "new_email": "ann@"}
    yield Sample(name="account_refused", template=page, variables=failed, me=ANN)
    yield Sample(name="sessions", template="my_account/sessions.html", variables={"sessions": SESSIONS}, me=ANN)
    confirming = {"token": "t", "new_email": "ann.new@example.org"}
    yield Sample(name="confirm_email", template="my_account/confirm_email.html", variables=confirming, me=ANN)
    yield Sample(name="email_confirmed", template="my_account/email_confirmed.html", me=ANN)


def admin_samples() -> Iterator[Sample]:
    """List the pages of the console."""
    listed = {"query": "", "accounts": PEOPLE, "more": True}
    yield Sample(name="people", template="admin/people.html", variables=listed, me=ADMIN)
    nobody = {"query": "zoe", "accounts": [], "more": False}
    yield Sample(name="people_none", template="admin/people.html", variables=nobody, me=ADMIN)
    person = {
        "account": PEOPLE[0],
        "sessions": SESSIONS[1:],
        "roles": ["editor"],
        "all_roles": ["admin", "editor"],
        "events": EVENTS,
    }
    yield Sample(
        name="person", template="admin/person.html", variables=person, me=ADMIN, notice="The account is unlocked."
    )
    audit = {"events": EVENTS, "filters": {"event": "", "account": ""}, "older": "/admin/audit?before=1"}
    yield Sample(name="audit", template="admin/audit.html", variables=audit, me=ADMIN)
    start = {"token": "t", "email": "", "errors": {}, "min_length": 15}
    yield Sample(name="set_up", template="admin/set_up.html", variables=start)
    yield Sample(name="set_up_gone", template="admin/set_up_gone.html")


def plumbing_samples() -> Iterator[Sample]:
    """List problems, the hop and the development mailbox."""
    busy = {
        "status": 429,
        "code": "too_many_attempts",
        "title": "Too many attempts",
        "says": "Wait a while before the next one.",
    }
    yield Sample(name="problem_429", template="http/problem.html", variables={**PROBLEM, **busy, "retry_after": 3580})
    gone = {
        "status": 404,
        "code": "not_found",
        "title": "Nothing here",
        "says": "This page does not exist, or no longer.",
    }
    yield Sample(name="problem_404", template="http/problem.html", variables={**PROBLEM, **gone}, me=ANN)
    yield Sample(name="hop", template="http/hop.html", variables={"url": "/account?tab=1&from=mail"})
    yield Sample(name="dev_mails", template="http/dev_mails.html", variables={"mails": MAILS})
    text = "To choose a new password, open this link:\n\nhttp://localhost:8400/recover?token=4nW8\n\nIt works once."
    yield Sample(name="dev_mail", template="http/dev_mail.html", variables={"mail": {**MAILS[0], "text": text}})


def when(instant: int) -> Markup:
    """Tell a time as pages do, seen from a fixed now.

    Args:
        instant: milliseconds since 1970 UTC.
    """
    away = abs(NOW - instant)
    size, word = next(((s, w) for s, w in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")) if away >= s), (0, ""))
    count = away // size if size else 0
    spoken = f"{count} {word}{'' if count == 1 else 's'}" if size else ""
    text = ("just now" if not spoken else f"{spoken} ago") if instant <= NOW else f"in {spoken}"
    return Markup('<time datetime="{}">{}</time>').format(datetime.fromtimestamp(instant / 1000, UTC).isoformat(), text)


def environment() -> Environment:
    """Set Jinja up as the server does: a room's name, then the file."""
    rooms = {folder.parent.name: FileSystemLoader(folder) for folder in SOURCE.glob("*/pages")}
    made = Environment(loader=PrefixLoader(rooms), autoescape=True, undefined=StrictUndefined)
    made.globals.update(site={"name": "Coatcheck"}, path=str, static="static/{}".format)
    made.filters["when"] = when
    return made


def render(sample: Sample, pages: Environment) -> str:
    """Render one sample to HTML that stays where it is: a hop does not jump, a drawer may stand open."""
    page = {"form_token": "form-token", "me": sample.me, "notice": sample.notice}
    html = pages.get_template(sample.template).render({**page, **sample.variables})
    html = html.replace('content="0; url=', 'content="3600; url=')
    return html.replace("<details>", "<details open>") if sample.opened else html


def without_sample() -> set[str]:
    """Name the templates that nobody would look at."""
    templates = {f"{file.parts[-3]}/{file.name}" for file in SOURCE.glob("*/pages/*.html")}
    return templates - FRAMES - {sample.template for sample in samples()}


def photograph(browser: Browser, html: Path) -> None:
    """Take one page on a phone and a desktop, light and dark."""
    for screen, (width, height) in SCREENS.items():
        for scheme in ("light", "dark"):
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
            page = context.new_page()
            page.goto(html.resolve().as_uri())
            page.screenshot(path=html.with_name(f"{html.stem}-{screen}-{scheme}.png"), full_page=True)
            context.close()


def main() -> None:
    """Render the samples asked for into a folder."""
    asked = argparse.ArgumentParser(description="Render every page with sample data.")
    asked.add_argument("folder", type=Path)
    asked.add_argument("--only", default="", help="samples whose name starts so")
    asked.add_argument("--no-screenshots", action="store_true")
    given = asked.parse_args()
    if missing := without_sample():
        raise SystemExit(f"templates without a sample: {', '.join(sorted(missing))}")
    shutil.copytree(SOURCE / "http" / "static", given.folder / "static", dirs_exist_ok=True)
    pages, written = environment(), []
    for sample in samples():
        if sample.name.startswith(given.only):
            file = given.folder / f"{sample.name}.html"
            file.write_text(render(sample, pages), encoding="utf-8")
            written.append(file)
    if not given.no_screenshots:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)
            for file in written:
                photograph(browser, file)
            browser.close()
    print(f"{len(written)} pages in {given.folder}")


if __name__ == "__main__":
    main()
