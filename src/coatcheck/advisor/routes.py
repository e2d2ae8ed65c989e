"""The HTTP of the advisor: a page whose address holds the answers, and the same as a call. Nothing is read or kept."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from coatcheck.advisor.advice import MEANINGS, Advice
from coatcheck.advisor.advise import RULES, advise, document_of
from coatcheck.advisor.answers import as_texts, parse_answers
from coatcheck.advisor.plan import plan_of
from coatcheck.advisor.questions import BY_NAME, QUESTIONS, Question
from coatcheck.advisor.rules_default import NAME as BY_DEFAULT
from coatcheck.advisor.threats import threats_of
from coatcheck.errors import BadInput
from coatcheck.gate.request import page
from coatcheck.http.api import Answer, problems

api = APIRouter(prefix="/api", tags=["advisor"])
_RULES_SAY: Final[Mapping[str, str]] = {
    BY_DEFAULT: "Weigh combinations, with sources",
    "guide": "The guide's own table, for the first seven",
}
_USUAL: Final[Mapping[str, str]] = {
    "offline_use": "false",
    "services": "1",
    "clients_run_by": "us",
    "revocation_bound": "60",
    "regulation": "none",
    "rules": BY_DEFAULT,
}


def _schema_of(question: Question) -> dict[str, Any]:
    if question.is_number:
        return {"type": "integer", "minimum": question.least, "maximum": question.most}
    return {"type": "boolean"} if question.is_yes_or_no else {"type": "string", "enum": list(question.values)}


_SCHEMAS: Final[Mapping[str, dict[str, Any]]] = {
    **{each.name: {**_schema_of(each), "description": each.asks} for each in QUESTIONS},
    "rules": {"type": "string", "enum": list(RULES), "description": "The rule set."},
}
_NEEDED: Final = [each.name for each in QUESTIONS if not each.is_further]
_PARAMETERS: Final = [
    {"name": name, "in": "query", "required": name in _NEEDED, "schema": schema} for name, schema in _SCHEMAS.items()
]
_BODY: Final = {"properties": _SCHEMAS, "required": _NEEDED, "additionalProperties": False}


class PointWords(Answer):
    """Say what one fact says about one method."""

    fact: str
    need: str
    method: str
    points: int
    because: str
    source: str


class StepWords(Answer):
    """Say one thing to do."""

    part: str
    says: str
    see: str


class ThreatWords(Answer):
    """Say a threat that remains."""

    title: str
    happens: str
    done: str
    yours: str


class Advised(Answer):
    """Give an advice."""

    recommendation: str
    scores: dict[str, int]
    reasoning: list[str]
    rules: str
    answers: dict[str, str | int | bool]
    assumed: list[str]
    points: list[PointWords]
    contrary: list[PointWords]
    combinations: dict[str, int]
    tied: list[str]
    notes: list[str]
    plan: list[StepWords]
    threats: list[ThreatWords]


@api.get("/advisor", response_model=Advised, responses=problems(), openapi_extra={"parameters": _PARAMETERS})
async def advise_by_address(request: Request) -> Response:
    """Advise between sessions, tokens and OAuth, by answers in the address."""
    return JSONResponse(document_of(_advised(_asked(request))))


@api.post(
    "/advisor",
    response_model=Advised,
    responses=problems(),
    openapi_extra={"requestBody": {"content": {"application/json": {"schema": _BODY}}}},
)
async def advise_by_body(body: dict[str, Any]) -> Response:
    """Advise between sessions, tokens and OAuth, by answers in the body."""
    return JSONResponse(document_of(_advised(body)))


async def show_advisor(request: Request) -> Response:
    """Show the questions, and under an address with answers the advice."""
    # What others put on addresses that are passed on, such as `utm_source`, is no answer.
    asked = {name: value for name, value in request.query_params.items() if name in _SCHEMAS}
    advice, errors = None, {}
    if asked:
        try:
            advice = _advised(asked)
        except BadInput as problem:
            errors = problem.fields
    chosen = {**_USUAL, **({} if advice is None else as_texts(advice.answers)), **asked}
    return await page(
        request,
        "advisor/advisor.html",
        status=422 if errors else 200,
        hops=False,  # it is nobody's in particular: no cookie would change it
        advice=advice,
        follows=None if advice is None else _follows(advice),
        questions=QUESTIONS,
        rules=_RULES_SAY,
        chosen=chosen,
        errors=errors,
    )


def _follows(advice: Advice) -> dict[str, Any]:
    """Give what the page says of an advice beside the advice itself."""
    facts = {**as_texts(advice.answers), "rules": advice.rules}
    flags = " ".join(_flag(name, text) for name, text in facts.items())
    return {
        "meaning": " + ".join(MEANINGS[part] for part in advice.parts),
        "plan": plan_of(advice),
        "threats": threats_of(advice),
        "link": f"/api/advisor?{urlencode(facts)}",
        "command": f"coatcheck advise {flags} --write auth",
    }


def _flag(name: str, text: str) -> str:
    flag = f"--{name.replace('_', '-')}"
    if name in BY_NAME and BY_NAME[name].is_yes_or_no:
        return flag if text == "true" else flag.replace("--", "--no-", 1)
    return f"{flag} {text}"


def _asked(request: Request) -> dict[str, object]:
    """Give the answers of an address.

    Raises:
        BadInput: one of them stands there twice.
    """
    twice = [
        name for name, count in Counter(name for name, _ in request.query_params.multi_items()).items() if count > 1
    ]
    if twice:
        raise BadInput({name[:40]: f"{name[:40]} must be given once." for name in twice[: len(_SCHEMAS)]})
    return dict(request.query_params)


def _advised(given: Mapping[str, object]) -> Advice:
    rules = given.get("rules", BY_DEFAULT)
    answers = parse_answers({name: value for name, value in given.items() if name != "rules"})
    return advise(answers, rules if isinstance(rules, str) else "")


pages = [Route("/advisor", show_advisor, methods=["GET"])]
