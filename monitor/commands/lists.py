"""`cutwatch lists`: what is known of block pages, and OONI's list of them."""

import asyncio
from collections.abc import Mapping

import typer
from rich.progress import DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from monitor.clock import Clock
from monitor.commands.configuration import read_configuration
from monitor.commands.output import Exit, Json, complaints, emit, refuse, rfc3339, say, utc
from monitor.configuration import ConfigurationError
from monitor.configuration.fingerprints import read_own_fingerprints
from monitor.core.ooni_fingerprints import ListRefused, OoniList, read_ooni_list
from monitor.engine.list_cache import CacheDamaged, CachedList, cache_file, read_cached
from monitor.engine.list_update import NotFetched, Updated, ordinary_client, update_ooni_list
from monitor.settings import Settings

lists = typer.Typer(no_args_is_help=True, help="See which fingerprints of block pages are in force, and fetch OONI's.")


@lists.command("update")
def update(*, as_json: Json = False) -> None:
    """Fetch OONI's list of fingerprints. Probers use it within a minute; a list that is not in order changes nothing."""
    settings = Settings()
    try:
        origin = read_configuration(settings).monitor.lists.ooni_fingerprints
    except ConfigurationError:
        refuse("the configuration has problems: run `cutwatch check`")
    try:
        updated = asyncio.run(_update(settings, origin))
    except (NotFetched, ListRefused) as problem:
        refuse(f"{problem}. The list in use stays as it is.", Exit.FAILED)
    except OSError as problem:
        refuse(f"{cache_file(settings.data_dir)} cannot be written ({problem.strerror}): the list in use stays", Exit.FAILED)
    if as_json:
        emit({"version": updated.version, "changed": updated.changed, **_counts(updated.rows, updated.used, updated.skipped)})
        return
    say(_outcome(updated))
    _tell_skipped(updated.skipped)


async def _update(settings: Settings, origin: str) -> Updated:
    columns = (TextColumn("{task.description}"), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=complaints, transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def told(name: str, received: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=None)
            progress.update(tasks[name], completed=received)

        async with ordinary_client() as client:
            return await update_ooni_list(client, origin, settings.data_dir, Clock.from_environment().now(), told)


def _outcome(updated: Updated) -> str:
    if not updated.changed:
        return f"OONI's list has not changed: version {updated.version}, {updated.used} of {updated.rows} rows are used."
    return f"OONI's list is in force: version {updated.version}, {updated.used} of {updated.rows} rows are used."


@lists.command("status")
def status(*, as_json: Json = False) -> None:
    """Say which lists are in force, how old they are, and what is left out of them. Exit code 1 if one is damaged."""
    settings = Settings()
    try:
        own = read_own_fingerprints(settings.config)
    except ConfigurationError as wrong:
        refuse(f"our own list has {len(wrong.problems)} problem(s): run `cutwatch check`")
    if as_json:
        emit({"list": "own", "version": own.version, "used": len(own.fingerprints)})
    else:
        say(f"own: version {own.version}, {len(own.fingerprints)} fingerprints.")
    _tell_ooni(settings, as_json=as_json)


def _tell_ooni(settings: Settings, *, as_json: bool) -> None:
    try:
        cached = read_cached(settings.data_dir)
        read = read_ooni_list(cached.contents) if cached else None
    except (CacheDamaged, ListRefused) as problem:
        refuse(f"ooni: {problem}", Exit.FAILED)
    file = cache_file(settings.data_dir)
    if as_json:
        emit({"list": "ooni", "file": str(file), **_about(cached), **_counts_of(read)})
        return
    if cached is None or read is None:
        say("ooni: not fetched. Run `cutwatch lists update` to use it.")
        return
    say(f"ooni: version {cached.version}, {len(read.fingerprints)} of {read.rows} rows are used.")
    say(f"  fetched {utc(cached.fetched_at)} from {cached.origin}\n  kept in {file}")
    _tell_skipped(read.skipped)


def _about(cached: CachedList | None) -> dict[str, object]:
    if cached is None:
        return {"version": None, "fetched_at": None, "origin": None}
    return {"version": cached.version, "fetched_at": rfc3339(cached.fetched_at), "origin": cached.origin}


def _counts_of(read: OoniList | None) -> dict[str, object]:
    return _counts(read.rows, len(read.fingerprints), read.skipped) if read else _counts(0, 0, {})


def _counts(rows: int, used: int, skipped: Mapping[str, int]) -> dict[str, object]:
    return {"rows": rows, "used": used, "skipped": dict(skipped)}


def _tell_skipped(skipped: Mapping[str, int]) -> None:
    for reason, count in skipped.items():
        say(f"  {count} left out: {reason}")
