"""`coatcheck advise`: sessions, tokens or OAuth for a project; asks, advises, writes what was advised, or checks it."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from coatcheck.advisor.advice import Advice
from coatcheck.advisor.advise import advise as advice_for
from coatcheck.advisor.advise import document_of
from coatcheck.advisor.answers import Answers, check_answers, parse_answers, read_answers
from coatcheck.advisor.check import misfits
from coatcheck.advisor.questions import BY_NAME, QUESTIONS, Question
from coatcheck.advisor.write import FRAMEWORKS, read_before, write
from coatcheck.cli.advice_shown import show_advice, show_misfits, show_written
from coatcheck.cli.choosing import ask_number, can_ask, choose
from coatcheck.cli.opening import CONFIG, ConfigOption, JsonOption
from coatcheck.cli.showing import complain, say_json
from coatcheck.errors import BadInput
from coatcheck.settings.read import read_settings

_CANNOT_RUN = 2
_ANOTHER = ("", "Another number")


class Rules(StrEnum):
    """Name the rule sets."""

    default = "default"
    guide = "guide"


class Framework(StrEnum):
    """Name what code is written for."""

    fastapi = "fastapi"
    starlette = "starlette"
    litestar = "litestar"
    flask = "flask"
    django = "django"


def _fact(name: str) -> Any:
    """Make the option of a question; what it takes is checked with the other answers, in the same words."""
    question = BY_NAME[name]
    if question.is_yes_or_no:
        return typer.Option(f"{question.flag}/--no-{question.flag.removeprefix('--')}", help=question.asks)
    if question.is_number:
        return typer.Option(question.flag, metavar="NUMBER", help=question.asks)
    words = f"{question.asks} One of {', '.join(question.values)}."  # as a metavar they would crowd out the flags
    return typer.Option(question.flag, metavar="WORD", help=words, autocompletion=lambda: list(question.values))


AppType: TypeAlias = Annotated[str | None, _fact("app_type")]
Scalability: TypeAlias = Annotated[str | None, _fact("scalability_needs")]
Security: TypeAlias = Annotated[str | None, _fact("security_level")]
CrossDomain: TypeAlias = Annotated[bool | None, _fact("cross_domain")]
Mobile: TypeAlias = Annotated[bool | None, _fact("mobile_support")]
RealTime: TypeAlias = Annotated[bool | None, _fact("real_time_features")]
ThirdParty: TypeAlias = Annotated[bool | None, _fact("third_party_integration")]
Offline: TypeAlias = Annotated[bool | None, _fact("offline_use")]
Services: TypeAlias = Annotated[str | None, _fact("services")]
RunBy: TypeAlias = Annotated[str | None, _fact("clients_run_by")]
Bound: TypeAlias = Annotated[str | None, _fact("revocation_bound")]
Regulation: TypeAlias = Annotated[str | None, _fact("regulation")]
FrameworkOption: TypeAlias = Annotated[
    Framework, typer.Option("--framework", metavar="NAME", help=f"What the code is for: {', '.join(FRAMEWORKS)}.")
]
WriteOption: TypeAlias = Annotated[
    Path | None, typer.Option("--write", metavar="FOLDER", help="Write settings, code, threats and tests there.")
]
CheckOption: TypeAlias = Annotated[
    bool, typer.Option("--check", help="Say what no longer fits the settings file; the exit code is 1 if anything.")
]
RulesOption: TypeAlias = Annotated[
    Rules,
    typer.Option(
        "--rules",
        metavar="default|guide",
        help="`default` weighs combinations and gives sources; `guide` is the guide's table.",
    ),
]
AnswersOption: TypeAlias = Annotated[
    Path | None, typer.Option("--answers", metavar="FILE", help="JSON or TOML with the answers; - is standard input.")
]


def advise(
    context: typer.Context,
    rules: RulesOption = Rules.default,
    answers: AnswersOption = None,
    app_type: AppType = None,
    scalability_needs: Scalability = None,
    security_level: Security = None,
    cross_domain: CrossDomain = None,
    mobile_support: Mobile = None,
    real_time_features: RealTime = None,
    third_party_integration: ThirdParty = None,
    offline_use: Offline = None,
    services: Services = None,
    clients_run_by: RunBy = None,
    revocation_bound: Bound = None,
    regulation: Regulation = None,
    write_to: WriteOption = None,
    framework: FrameworkOption = Framework.fastapi,
    check: CheckOption = False,
    as_json: JsonOption = False,
    config: ConfigOption = CONFIG,
) -> None:
    """Advise between sessions, tokens and OAuth, with reasons and sources. Asks what no option and no file says."""
    flags = {name: context.params[name] for name in BY_NAME if context.params[name] is not None}
    try:
        advice = advice_for(_answers({**_from_file(answers), **flags}, rules), rules)
    except BadInput as problem:
        for sentence in problem.fields.values():
            complain(sentence)
        raise typer.Exit(_CANNOT_RUN) from None
    if check:
        _check(advice, config, as_json)
    elif write_to is not None:
        _write(advice, write_to, str(framework))
    else:
        _show(advice, as_json)


def _check(advice: Advice, config: Path, as_json: bool) -> None:
    found = misfits(advice, read_settings(config), read_before(config.resolve().parent))
    if as_json:
        say_json([{"what": each.what, "says": each.says, "fix": each.fix, "to_do": each.is_to_do} for each in found])
    else:
        show_misfits(advice, found)
    if not all(each.is_to_do for each in found):
        raise typer.Exit(1)


def _write(advice: Advice, folder: Path, framework: str) -> None:
    files = write(advice, folder, framework)
    show_written(advice, files)


def _show(advice: Advice, as_json: bool) -> None:
    if as_json:
        say_json(document_of(advice))
    else:
        show_advice(advice)


def _from_file(path: Path | None) -> dict[str, object]:
    """Read the answers of a file.

    Raises:
        BadInput: it cannot be read, or is neither JSON nor TOML.
    """
    if path is None:
        return {}
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise BadInput({"answers": f"--answers {path} cannot be read: {reason}."}) from None
    return read_answers(text, is_toml=path.suffix == ".toml" or not text.lstrip().startswith(("{", "[", '"')))


def _answers(given: dict[str, object], rules: Rules) -> Answers:
    """Take what was given, and ask for the rest where somebody is there to answer."""
    check_answers(given)
    asked = [each for each in QUESTIONS if each.name not in given]
    if can_ask() and any(not each.is_further for each in asked):
        for question in asked:
            if rules is Rules.default or not question.is_further:
                given[question.name] = _ask(question)
    return parse_answers(given)


def _ask(question: Question) -> str:
    choices = [(each.value, each.says) for each in question.choices]
    if not question.is_number:
        return choose(question.asks, choices, hint=question.hint)
    chosen = choose(question.asks, [*choices, _ANOTHER], hint=question.hint)
    return chosen or ask_number(
        f"A number from {question.least} to {question.most}", question.takes, question.complaint
    )
