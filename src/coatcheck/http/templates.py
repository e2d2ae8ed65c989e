"""Templates: pages, mails and files, by Jinja. Loaded with the first one: a worker that answers calls needs none."""

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from jinja2 import BaseLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from coatcheck.clock import Instant
from coatcheck.http.ago import in_words
from coatcheck.http.said import wait_of

_SOURCE = Path(__file__).parents[1]


@lru_cache(maxsize=1)
def pages() -> Environment:
    """Give every page's template, such as `login/sign_in.html`; what is filled in is escaped."""
    environment = Environment(loader=_loader("pages"), autoescape=True, undefined=StrictUndefined)
    environment.filters["when"] = _when
    environment.filters["wait"] = wait_of
    return environment


@lru_cache(maxsize=1)
def mails() -> Environment:
    """Give every mail's template, such as `signup/verify.txt`."""
    # Plain text: nothing to escape, and nothing but addresses and our own links goes in.
    return Environment(loader=_loader("mails"), autoescape=False, undefined=StrictUndefined, keep_trailing_newline=True)  # noqa: S701


@lru_cache(maxsize=1)
def files() -> Environment:
    """Give every template of a file that is written for people to go on with, such as `advisor/app_flask.py.jinja`."""
    # Code and settings, made of what we know: nothing that somebody typed goes in.
    return Environment(
        loader=_loader("written"),
        autoescape=False,  # noqa: S701
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _loader(folder: str) -> BaseLoader:
    rooms = {path.parent.name: FileSystemLoader(path) for path in sorted(_SOURCE.glob(f"*/{folder}"))}
    return PrefixLoader(dict(rooms))


@pass_context
def _when(context: Context, instant: Instant) -> Markup:
    moment = datetime.fromtimestamp(instant / 1000, UTC)
    shown, exact = in_words(instant, context["now"]), moment.strftime("%Y-%m-%d %H:%M:%S UTC")
    stamp = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(stamp, exact, shown)
