"""What the advisor asks, as data: the guide's seven questions, then five facts that the guide leaves out."""

from typing import Final

from msgspec import Struct


class Choice(Struct, frozen=True):
    """Hold one answer that may be given.

    Args:
        value: as it stands in a file, on the command line and in an address.
        says: what it means, for people.
    """

    value: str
    says: str


class Question(Struct, frozen=True, kw_only=True):
    """Hold one question.

    Args:
        name: of the fact.
        asks: the question, for people.
        hint: how to decide, where the choices do not say it.
        choices: the answers there are; of a number, those that are offered.
        least: the smallest number, where a number is asked for.
        most: the largest.
        is_further: not among the guide's seven, so that the rule set `guide` does not ask it.
    """

    name: str
    asks: str
    choices: tuple[Choice, ...]
    hint: str = ""
    least: int = 0
    most: int = 0
    is_further: bool = False

    @property
    def is_number(self) -> bool:
        """Whether a number is asked for."""
        return self.most > 0

    @property
    def is_yes_or_no(self) -> bool:
        """Whether the answer is true or false."""
        return self.choices == YES_OR_NO

    @property
    def values(self) -> tuple[str, ...]:
        """The answers, as they are written."""
        return tuple(each.value for each in self.choices)

    @property
    def flag(self) -> str:
        """The name on the command line."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def complaint(self) -> str:
        """What is said of a wrong answer, without its end: the name and what may be answered."""
        if self.is_number:
            return f"{self.name} must be a whole number from {self.least} to {self.most}"
        if self.is_yes_or_no:
            return f"{self.name} must be true or false"
        return f"{self.name} must be one of {', '.join(self.values)}"

    @property
    def missing(self) -> str:
        """What is said where nobody answered."""
        return f"{self.name} is missing: it{self.complaint.removeprefix(self.name)}."

    def takes(self, text: str) -> bool:
        """Tell whether a text is a number that may be answered."""
        is_whole = text.isascii() and text.isdigit() and len(text) < 10
        return is_whole and self.least <= int(text) <= self.most

    def label(self, value: str) -> str:
        """Give what an answer means."""
        return next((each.says for each in self.choices if each.value == value), value)


YES_OR_NO: Final = (Choice("false", "No"), Choice("true", "Yes"))

QUESTIONS: Final = (
    Question(
        name="app_type",
        asks="What is it?",
        choices=(
            Choice("traditional_web", "A website: a server makes the pages"),
            Choice("spa", "A single-page app: a program in the browser that calls an API"),
            Choice("mobile", "An app on phones or desktops"),
            Choice("api", "An API, without pages of its own"),
            Choice("microservices", "Several services behind one front"),
        ),
    ),
    Question(
        name="scalability_needs",
        asks="How much must it bear?",
        choices=(
            Choice("low", "One machine is enough"),
            Choice("medium", "A few machines"),
            Choice("high", "Many machines, or sudden crowds"),
        ),
    ),
    Question(
        name="security_level",
        asks="What would a stolen account cost?",
        choices=(
            Choice("low", "Little"),
            Choice("medium", "People's data, and trust"),
            Choice("high", "Money, health, or what many depend on"),
        ),
    ),
    Question(
        name="cross_domain",
        asks="Do browsers use it from more than one host?",
        hint="Such as pages of app.example.org that call api.example.com.",
        choices=YES_OR_NO,
    ),
    Question(
        name="mobile_support",
        asks="Is there an app on phones, too?",
        choices=YES_OR_NO,
    ),
    Question(
        name="real_time_features",
        asks="Does it keep connections open?",
        hint="WebSockets, or events that a server sends.",
        choices=YES_OR_NO,
    ),
    Question(
        name="third_party_integration",
        asks="Are others part of it?",
        hint="People sign in with a provider (GitHub, their company), or it acts for them elsewhere.",
        choices=YES_OR_NO,
    ),
    Question(
        name="offline_use",
        asks="Must it go on without the network?",
        choices=YES_OR_NO,
        is_further=True,
    ),
    Question(
        name="services",
        asks="How many services check who somebody is?",
        hint="Those that are deployed apart from each other.",
        choices=(Choice("1", "One"), Choice("3", "Two to four"), Choice("10", "Five or more")),
        least=1,
        most=10_000,
        is_further=True,
    ),
    Question(
        name="clients_run_by",
        asks="Who runs what calls it?",
        hint="Besides people in a browser.",
        choices=(
            Choice("us", "We do: apps of ours, used by people"),
            Choice("machines", "Programs without a person: jobs, devices, services"),
            Choice("others", "Other companies or developers, for people or for themselves"),
        ),
        is_further=True,
    ),
    Question(
        name="revocation_bound",
        asks="Within how many seconds must an ended session be refused everywhere?",
        choices=(
            Choice("1", "1: at once"),
            Choice("10", "10: before somebody notices"),
            Choice("60", "60: within a minute"),
            Choice("900", "900: a quarter of an hour will do"),
        ),
        least=1,
        most=86_400,
        is_further=True,
    ),
    Question(
        name="regulation",
        asks="Which proof do laws or contracts ask for?",
        choices=(
            Choice("none", "None in particular"),
            Choice("aal2", "Two factors: NIST AAL2, PCI DSS, PSD2 and the like"),
            Choice("phishing_resistant", "What no false site can pass on: passkeys, security keys"),
        ),
        is_further=True,
    ),
)

GUIDES_OWN: Final = tuple(each for each in QUESTIONS if not each.is_further)
BY_NAME: Final = {each.name: each for each in QUESTIONS}
