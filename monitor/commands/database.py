"""`cutwatch db`: keep the database well."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated

import typer

from monitor.commands.output import Exit, Json, emit, refuse, say
from monitor.settings import Settings
from monitor.store import Store, StoreUnavailable, backup, integrity_check, migrate

database = typer.Typer(no_args_is_help=True, help="Upgrade, back up and check the database.")


@contextlib.contextmanager
def explained(settings: Settings) -> Iterator[None]:
    """Say in a sentence what keeps the data from being used, and end the command."""
    try:
        yield
    except StoreUnavailable as problem:
        refuse(str(problem), Exit.FAILED)
    except OSError as problem:
        refuse(
            f"{problem.filename or settings.data_dir} cannot be used ({problem.strerror or problem}): "
            "see what stands there and what this user may do with it, or name another folder with CUTWATCH_DATA_DIR",
            Exit.FAILED,
        )


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Store]:
    """The store, brought up to date. What keeps it from being used is said in a sentence, and ends the command."""
    with explained(settings):
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        await asyncio.to_thread(migrate, settings.database)
        store = await Store.open(settings.database)
        try:
            yield store
        finally:
            await store.close()


@database.command("upgrade")
def upgrade(*, as_json: Json = False) -> None:
    """Bring the database to this version's form. `cutwatch run` does it by itself."""
    settings = Settings()
    with explained(settings):
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        migrate(settings.database)
    emit({"upgraded": True}) if as_json else say("The database is up to date.")


@database.command("backup")
def back_up(
    to: Annotated[Path, typer.Argument(help="The file to write; it must not exist yet.")], *, as_json: Json = False
) -> None:
    """Copy the database while the service runs."""
    settings = Settings()
    with explained(settings):
        if to.exists():
            refuse(f"{to} exists already: choose another name, nothing was overwritten")
        backup(settings.database, to)
        size = to.stat().st_size
    emit({"backup": str(to), "bytes": size}) if as_json else say(f"{to} holds the whole database ({size:,} bytes).")


@database.command("check")
def check(*, as_json: Json = False) -> None:
    """Look for damage. Exit code 1 if there is any."""
    settings = Settings()
    with explained(settings):
        problems = integrity_check(settings.database)
    if as_json:
        emit({"sound": not problems, "problems": problems})
    elif problems:
        say("The database is damaged; restore a backup:\n" + "\n".join(f"  {problem}" for problem in problems))
    else:
        say("The database is sound.")
    if problems:
        raise typer.Exit(Exit.FAILED)
