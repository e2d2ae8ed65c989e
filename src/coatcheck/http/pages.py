"""Pages and mails from templates: each room keeps its own beside its flows, in `pages/` and `mails/`."""

import hashlib
import importlib
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

from msgspec import Struct

from coatcheck.clock import Instant
from coatcheck.mail import Message
from coatcheck.secret import Veiled
from coatcheck.settings import Settings

_SOURCE = Path(__file__).parents[1]
_STATIC = _SOURCE / "http" / "static"
_PUBLIC_RECOVERY = "/recover"


class Me(Struct, frozen=True):
    """Hold what pages say of the person who is signed in."""

    email: str | None
    username: str | None
    is_admin: bool
    session_id: str


class Frame(Veiled, frozen=True, kw_only=True):
    """Hold what every page knows, whatever it shows.

    Args:
        mount: the path under which we are mounted, without a slash at its end.
        now: the time, for "3 minutes ago".
    """

    veils: ClassVar = frozenset({"form_token"})

    settings: Settings
    mount: str
    now: Instant
    form_token: str = ""
    me: Me | None = None
    notice: str | None = None


def render(frame: Frame, template: str, /, **values: Any) -> str:
    """Fill a page such as `login/sign_in.html`.

    Raises:
        jinja2.UndefinedError: a value that the template asks for was not given.
    """
    page = _templates().pages().get_template(template, globals=_globals(frame))
    text: str = page.render(**values)
    return text


def mail_text(
    settings: Settings, template: str, /, *, to: str, base_url: str, link: str = "", **more: str | int
) -> Message:
    """Fill a mail such as `signup/verify.txt`; its first line is the subject.

    Args:
        base_url: where we are reached; the links to sign-in and recovery begin with it.
        link: the one-use link this mail is about.
        more: what else it says.
    """
    values = {
        "link": link,
        "sign_in_link": f"{base_url}/sign-in",
        "recover_link": f"{base_url}{_PUBLIC_RECOVERY}",
        "ways_in_link": f"{base_url}/account/ways-in",
        **more,
    }
    filled = _templates().mails().get_template(template).render(site=settings.site, **values)
    subject, _, text = filled.partition("\n")
    return Message(to=to, subject=subject.removeprefix("Subject: ").strip(), text=_unwrapped(text))


def file_text(template: str, /, **values: Any) -> str:
    """Fill a file such as `advisor/app_flask.py.jinja`.

    Raises:
        jinja2.UndefinedError: a value that the template asks for was not given.
    """
    text: str = _templates().files().get_template(template).render(**values)
    return text


def _unwrapped(text: str) -> str:
    """Make each paragraph one line, and let the reader's screen wrap it: on a phone ours would look ragged.

    Not format=flowed (RFC 3676): Gmail and Outlook show its soft breaks as hard ones, while all wrap long lines.
    What goes out by SMTP is quoted-printable then, so no line there is near the 998 octets of RFC 5322.
    """
    paragraphs = (" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n"


def static_file(name: str) -> Path | None:
    """Give the file that a static address such as `coatcheck.1a2b3c4d.css` names, or None."""
    stem, _, rest = name.partition(".")
    _digest, _, suffix = rest.partition(".")
    return next((path for path in _STATIC.iterdir() if path.name == f"{stem}.{suffix}"), None)


def _globals(frame: Frame) -> dict[str, Any]:
    def static(name: str) -> str:
        return f"{frame.mount}/static/{_stamped(name)}"

    return {
        "site": frame.settings.site,
        "path": lambda path: f"{frame.mount}{path}",
        "static": static,
        "form_token": frame.form_token,
        "me": frame.me,
        "notice": frame.notice,
        "now": frame.now,
    }


def _templates() -> Any:
    return importlib.import_module("coatcheck.http.templates")


@lru_cache(maxsize=16)
def _stamped(name: str) -> str:
    """Put a file's digest into its name, so that it may be cached for ever and still change."""
    stem, _, suffix = name.partition(".")
    return f"{stem}.{hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:12]}.{suffix}"
