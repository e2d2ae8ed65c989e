"""The command line, a storey above everything: one file a group of commands, each on the flows of the pages."""

import signal
import sys

import typer

# `Coatcheck` before all others: it loads nearly all of them, and the garbage collector waits meanwhile.
from coatcheck import Coatcheck as Coatcheck
from coatcheck import __version__
from coatcheck.cli.account import accounts
from coatcheck.cli.advise import advise
from coatcheck.cli.api_key import api_keys
from coatcheck.cli.audit import audit
from coatcheck.cli.doctor import doctor
from coatcheck.cli.explain import explain_sign_in
from coatcheck.cli.init import init
from coatcheck.cli.keys import keys
from coatcheck.cli.logs import log_json
from coatcheck.cli.migrate import migrate
from coatcheck.cli.provider import providers
from coatcheck.cli.role import roles
from coatcheck.cli.serve import serve
from coatcheck.cli.services import services
from coatcheck.cli.session import sessions
from coatcheck.cli.showing import complain, say
from coatcheck.errors import BadInput, CoatcheckError, ConfigurationError, DatabaseAway

REFUSED = 1
"""The exit code of a command that was refused, or that found something wrong."""

CANNOT_RUN = 2
"""The exit code of a command that could not run as it was asked: usage, settings, the database."""

app = typer.Typer(
    name="coatcheck",
    help="Authentication for Python: one session behind every cookie and token.",
    epilog="Start with: coatcheck init && coatcheck serve",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(epilog="Example: coatcheck init auth")(init)
app.command(epilog="Example: coatcheck serve --host 0.0.0.0 --workers 4")(serve)
app.command(epilog="Example: coatcheck migrate")(migrate)
accounts.command(
    "explain-sign-in", epilog="Example: coatcheck account explain-sign-in ann@example.org --proof password --proof totp"
)(explain_sign_in)
app.command(epilog="Example: coatcheck advise --answers answers.toml --json")(advise)
app.add_typer(accounts, name="account")
app.add_typer(sessions, name="session")
app.add_typer(roles, name="role")
app.add_typer(services, name="service")
app.add_typer(api_keys, name="api-key")
app.add_typer(providers, name="provider")
app.add_typer(keys, name="keys")
app.add_typer(audit, name="audit")
app.add_typer(doctor, name="doctor")


def _show_version(wanted: bool) -> None:
    if wanted:
        say(f"coatcheck {__version__}")
        raise typer.Exit


@app.callback()
def prepare(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Show the version."),
) -> None:
    """Keep logs off standard output, which belongs to what a command prints."""
    log_json("warning")


def main() -> None:
    """Run the command line; a refusal is one sentence on standard error, never a traceback."""
    if hasattr(signal, "SIGPIPE"):
        # `coatcheck audit export | head` ends quietly, as other programs do.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        app(prog_name="coatcheck")
    except (ConfigurationError, DatabaseAway) as problem:
        complain(str(problem))
        sys.exit(CANNOT_RUN)
    except BadInput as problem:
        complain(" ".join(problem.fields.values()) or problem.says)
        sys.exit(REFUSED)
    except CoatcheckError as problem:
        complain(str(problem))
        sys.exit(REFUSED)
