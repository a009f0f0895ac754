"""The command `cutwatch`."""

import logging
import sys

import typer
from pydantic import ValidationError

from monitor.commands.alerts import alerts
from monitor.commands.configuration import check
from monitor.commands.database import database
from monitor.commands.decisions import decisions
from monitor.commands.demo import demo
from monitor.commands.explain import explain
from monitor.commands.imports import imports
from monitor.commands.incidents import incidents
from monitor.commands.keys import keys
from monitor.commands.lists import lists
from monitor.commands.look import look
from monitor.commands.output import Exit, complaints
from monitor.commands.plan_change import plan_change
from monitor.commands.rejudge import rejudge
from monitor.commands.run import run
from monitor.commands.status import status
from monitor.logs import set_up_logs

app = typer.Typer(
    name="cutwatch",
    help="Watch whether civil-society organisations have been cut off, by a censor or by a company, and keep the proof.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 failed, 2 the input or the configuration cannot be used.",
)


@app.callback()
def _prepare() -> None:
    """Keep standard output for what was asked: whatever goes wrong is said on standard error."""
    set_up_logs("human", logging.WARNING)


app.command("run")(run)
app.command("demo")(demo)
app.command("check")(check)
app.command("look")(look)
app.command("status")(status)
app.command("rejudge")(rejudge)
app.command("plan-change")(plan_change)
app.add_typer(explain, name="explain")
app.add_typer(imports, name="import")
incidents.add_typer(decisions)
app.add_typer(incidents, name="incidents")
app.add_typer(alerts, name="alerts")
app.add_typer(keys, name="keys")
app.add_typer(lists, name="lists")
app.add_typer(database, name="db")


def _let_help_wrap(group: typer.Typer) -> None:
    """Print help as text that wraps. In tables, a narrow terminal cuts the very words that one must type."""
    group.rich_markup_mode = None
    for inner in group.registered_groups:
        if inner.typer_instance is not None:
            _let_help_wrap(inner.typer_instance)


_let_help_wrap(app)


def main() -> None:
    """Run the command; an environment that makes no sense is explained, not shown as a traceback."""
    try:
        app()
    except ValidationError as wrong:
        for problem in wrong.errors(include_url=False, include_input=False):
            name = "CUTWATCH_" + "_".join(str(part) for part in problem["loc"]).upper()
            complaints.print(f"{name}: {problem['msg']}", markup=False)
        sys.exit(Exit.UNUSABLE)


if __name__ == "__main__":
    main()
