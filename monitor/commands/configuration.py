"""`cutwatch check`: is the configuration right, and if not, where and what to do."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from monitor.commands.entries import remarks_on_entries
from monitor.commands.output import Json, complaints, emit, refuse, say
from monitor.commands.place import read_answer
from monitor.configuration import ConfigurationError, Problem, warnings
from monitor.configuration.alert_advice import Surroundings, unusable_secrets
from monitor.core.plan import plan_checks
from monitor.core.watchlist import Watchlist
from monitor.service.wiring import read_watchlist, surroundings
from monitor.settings import Settings
from probes.kit.discover import discover


def read_configuration(settings: Settings) -> Watchlist:
    """Read the configuration, or explain every problem and end."""
    answer = read_answer(settings.data_dir)
    country = settings.vantage_country or (answer.country if answer else None)
    return read_watchlist(settings.config, country)


def check(
    folder: Annotated[Path | None, typer.Argument(help="The folder; left out: CUTWATCH_CONFIG, else `config`.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Read the configuration and explain every mistake by file, line, field and remedy. Exit code 2 if there is any."""
    settings = Settings() if folder is None else Settings(config=folder)
    try:
        watchlist = read_configuration(settings)
    except ConfigurationError as refused:
        _explain(refused.problems, as_json=as_json)
        refuse(f"{len(refused.problems)} problem(s) in {settings.config}")
    around = surroundings(settings)
    if problems := unusable_secrets(watchlist, around.secret_trouble, str(settings.config / "alerts.yaml")):
        _explain(problems, as_json=as_json)
        refuse(f"{len(problems)} channel(s) cannot use their secrets")
    on_record = remarks_on_entries(settings, watchlist) if settings.config == Settings().config else ()
    _approve(watchlist, around, on_record, as_json=as_json)


def _explain(problems: tuple[Problem, ...], *, as_json: bool) -> None:
    for problem in problems:
        if as_json:
            emit(
                {
                    "file": problem.file,
                    "line": problem.line,
                    "field": problem.field,
                    "message": problem.message,
                    "remedy": problem.remedy,
                }
            )
        else:
            complaints.print(f"{problem}\n", markup=False)


def _approve(watchlist: Watchlist, around: Surroundings, on_record: tuple[str, ...], *, as_json: bool) -> None:
    checks = plan_checks(watchlist, discover())
    remarks = (*warnings(watchlist, around), *on_record)
    by_probe = Counter(check.probe for check in checks)
    targets = sum(len(organisation.targets) for organisation in watchlist.organisations)
    if as_json:
        emit(
            {
                "version": watchlist.version,
                "organisations": len(watchlist.organisations),
                "targets": targets,
                "vantages": len(watchlist.monitor.vantages),
                "checks": dict(by_probe),
                "incidents": len(watchlist.incidents),
                "warnings": list(remarks),
            }
        )
        return
    say(
        f"The configuration is right: {len(watchlist.organisations)} organisations with {targets} targets, "
        f"{len(watchlist.monitor.vantages)} vantage point(s), {len(checks)} checks ("
        + ", ".join(f"{count} {probe}" for probe, count in sorted(by_probe.items()))
        + f"), {len(watchlist.incidents)} documented incidents."
    )
    for remark in remarks:
        say(f"Note: {remark}")
