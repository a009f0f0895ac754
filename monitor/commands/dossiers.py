"""Dossiers as files: what `cutwatch incidents show --dossier` prints and `correct --file` reads."""

import io
from pathlib import Path

from pydantic import ValidationError
from ruamel.yaml import YAML

from monitor.commands.output import refuse
from monitor.configuration.reader import read
from monitor.configuration.sentences import problems_of
from monitor.core.dossier import Dossier


def as_yaml(dossier: Dossier) -> str:
    """The dossier as a person writes it, without what it leaves to the defaults."""
    yaml = YAML()
    yaml.width = 110
    yaml.indent(mapping=2, sequence=4, offset=2)
    text = io.StringIO()
    yaml.dump(dossier.model_dump(mode="json", exclude_defaults=True), text)
    return text.getvalue()


def read_dossier(path: Path) -> Dossier:
    """The dossier in a file. Whatever is wrong with it is said, line by line, and ends the command."""
    document = read(path)
    try:
        return Dossier.model_validate(document.data)
    except ValidationError as error:
        problems = document.problems or problems_of(error, document, Dossier)
        refuse("\n".join((*map(str, problems), "The dossier cannot be read: nothing was changed.")))
