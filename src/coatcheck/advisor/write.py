"""Write what was advised: settings, the app's code, the threats that remain, and the tests that prove it."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from coatcheck.advisor.advice import MEANINGS, Advice
from coatcheck.advisor.advise import document_of
from coatcheck.advisor.advised import Advised
from coatcheck.advisor.answers import Answers
from coatcheck.advisor.configuration import SERVICE, advised_settings
from coatcheck.advisor.plan import plan_of
from coatcheck.advisor.shape import Shape, shape_of
from coatcheck.advisor.threats import threats_of
from coatcheck.errors import ConfigurationError
from coatcheck.http.pages import file_text
from coatcheck.secret import new_secret
from coatcheck.settings.files import write_private

FRAMEWORKS: Final = ("fastapi", "starlette", "litestar", "flask", "django")
ADVICE: Final = "advice.json"
"""What was advised when the files were written, for `--check`."""

_MOUNTED: Final = ("fastapi", "starlette", "litestar", "django")
"""On ASGI, so that Coatcheck is in the app; beside the others it is a server of its own."""

_WITH_SOCKETS: Final = ("fastapi", "starlette")
_OWN: Final = "http://localhost:5000"
_FEED_S: Final = 10
_SLACK_S: Final = 10


class Writing(msgspec.Struct, frozen=True):
    """Hold what is written.

    Args:
        advice: what was advised.
        framework: one of FRAMEWORKS.
    """

    advice: Advice
    framework: str

    @property
    def is_mounted(self) -> bool:
        """Whether Coatcheck is in the app."""
        return self.framework in _MOUNTED

    @property
    def shape(self) -> Shape:
        """What the app has."""
        return shape_of(self.advice)


def write(advice: Advice, folder: Path, framework: str) -> tuple[Path, ...]:
    """Write the files of an advice into a folder, which is made if it is not there; give them.

    Raises:
        ConfigurationError: one of them is there already, or the folder cannot be written.
    """
    files = files_of(Writing(advice, framework))
    taken = [name for name in files if (folder / name).exists()]
    if taken:
        raise ConfigurationError(f"{folder / taken[0]} is there already; nothing was changed")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            _write(folder / name, text)
    except OSError as error:
        raise ConfigurationError(f"{folder}: cannot be written ({error.strerror})") from None
    return tuple(folder / name for name in files)


def files_of(writing: Writing) -> dict[str, str]:
    """Give the files of an advice, by their names."""
    values = _values(writing)
    files = {
        "coatcheck.toml": file_text("advisor/coatcheck.toml.jinja", **values, **_settings(writing)),
        "answers.toml": _answers_text(writing.advice.answers),
        ADVICE: json.dumps(document_of(writing.advice), indent=2) + "\n",
        "app.py": file_text(f"advisor/app_{writing.framework}.py.jinja", **values),
        "THREATS.md": file_text("advisor/THREATS.md.jinja", **values),
        "test_advice.py": file_text("advisor/test_advice.py.jinja", **values),
    }
    if values["has_service"]:
        files["service.py"] = file_text("advisor/service.py.jinja", **values)
    return files


def _write(path: Path, text: str) -> None:
    if path.name == "coatcheck.toml":
        write_private(path, text)  # passwords of the mail server and the database are asked for in it
    else:
        path.write_text(text, "utf-8")


def _values(writing: Writing) -> dict[str, Any]:
    """Give what the templates say."""
    advice, shape = writing.advice, writing.shape
    named = {each.full_name: each for each in advised_settings(advice)}
    level = named["sign_in.level"].writes.strip('"') if "sign_in.level" in named else ""
    return {
        "recommendation": advice.recommendation,
        "meaning": " + ".join(MEANINGS[part] for part in advice.parts),
        "rules": advice.rules,
        "name": "Coatcheck",
        "shape": shape,
        "is_mounted": writing.is_mounted,
        "has_service": shape.services and shape.tokens and writing.is_mounted,
        "has_audience": "tokens.audience" in named or not writing.is_mounted,
        "has_socket": writing.framework in _WITH_SOCKETS,
        "asks_origins": "web.origins" in named,
        "ends_within_a_day": "sessions.cookie_lifetime" in named,
        "level": level,
        "service": SERVICE,
        "bound": _FEED_S + _SLACK_S,
        "threats": threats_of(advice),
        "contrary": advice.contrary,
        "notes": (*advice.notes, *_left_out(writing)),
        "plan": plan_of(advice),
        "django_imports": ", ".join(_django_imports(shape)),
        "gateway_secret": "" if writing.is_mounted or not shape.pages else new_secret().reveal(),
    }


def _left_out(writing: Writing) -> Iterator[str]:
    if writing.shape.sockets and writing.framework not in _WITH_SOCKETS:
        yield (
            "Sockets that close with their session are there for FastAPI and Starlette (docs/integrations.md): nothing "
            "was written for them here."
        )


def _django_imports(shape: Shape) -> Iterator[str]:
    yield "current_user"
    yield from ["public"] * shape.pages
    yield from ["require"] * shape.machines
    yield from ["user_or_none"] * shape.pages


def _settings(writing: Writing) -> dict[str, Any]:
    """Give the lines of the settings by section; those of the database stand at its head, tables at the end."""
    # Beside Coatcheck the app is a service of its own.
    own = ["# The app takes tokens that are meant for it.", f'audience = ["{_OWN}"]']
    beside = not writing.is_mounted and writing.shape.tokens
    sections: dict[str, list[str]] = {"tokens": own} if beside else {}
    loose: list[str] = []
    for each in advised_settings(writing.advice):
        if not each.name:
            loose += ["", *_commented(each)]
        elif beside and each.full_name == "tokens.audience":
            continue
        elif lines := _lines(each):
            said = sections.setdefault(each.section, [])
            said += lines if _because(each)[0] not in said else lines[len(_because(each)) :]  # each reason once
    return {"database": sections.pop("database", []), "sections": sections, "loose": loose}


def _lines(each: Advised) -> list[str]:
    if each.writes:
        return [*_because(each), f"{each.name} = {each.writes}"]
    return _commented(each) if each.example else []


def _commented(each: Advised) -> list[str]:
    lines = each.example.splitlines() if not each.name else [f"{each.name} = {each.example}"]
    return [*_because(each), *(f"# {line}" for line in lines)]


def _because(each: Advised) -> list[str]:
    return textwrap.wrap(each.because, 110, initial_indent="# ", subsequent_indent="# ")


def _answers_text(answers: Answers) -> str:
    lines = [
        "# The facts that the advice rests on. Change them when they change, and let --check say what no longer fits."
    ]
    return "\n".join([*lines, *(f"{name} = {_toml(value)}" for name, value in answers.facts.items())]) + "\n"


def _toml(value: object) -> str:
    return json.dumps(value)


def read_before(folder: Path) -> Mapping[str, Any] | None:
    """Give the advice that a folder's configuration was written by; None where nobody kept it, or not in one piece."""
    try:
        found = msgspec.json.decode((folder / ADVICE).read_bytes())
    except (OSError, msgspec.DecodeError):
        return None
    return found if isinstance(found, dict) else None
