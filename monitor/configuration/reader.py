"""Reads one YAML file into a `Document`, and never trusts it.

Only what configuration needs is understood: keys and values, lists, text, numbers, true, false and null (the core schema of
YAML 1.2, so `NO` is Norway and a date stays text). Tags, anchors, aliases and further documents are refused; size and depth are
bounded. Everything that is wrong becomes a `Problem`.
"""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)

from monitor.configuration.document import Document
from monitor.configuration.problems import FieldPath, Problem, field_name

SIZE_CAP: Final = 256 * 1024
"""Bytes of one file: room for about a thousand targets."""

DEPTH_CAP: Final = 20
"""Levels of nesting; the deepest legitimate value lies six levels down."""

_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[-+]?(?:[0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18}|[0-9]{1,18}(?=e))(?:e[-+]?[0-9]{1,2})?", re.IGNORECASE)
_WORDS: Final[Mapping[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_SPELLING = (
    "check that lines are indented with spaces (never tabs), that a colon is followed by a space and that quotes are closed"
)


def read(path: Path) -> Document:
    """Read the file at `path`. Never raises: what goes wrong stands in the document's `problems`."""
    file = str(path)
    try:
        if path.exists() and not path.is_file():
            return _refused(file, None, "is not an ordinary file", "put a text file in its place")
        with path.open("rb") as stream:
            content = stream.read(SIZE_CAP + 1)
    except FileNotFoundError:
        return _refused(file, None, "is missing", "create it, after the example that Cutwatch ships")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return _refused(file, None, f"cannot be read ({reason})", "check that Cutwatch may read it")
    if len(content) > SIZE_CAP:
        return _refused(file, None, f"is larger than {SIZE_CAP // 1024} KiB", "split it: a configuration file is a short text")
    return parse(file, content)


def parse(file: str, content: bytes) -> Document:
    """Understand `content` as YAML. Never raises."""
    builder = _Builder(file)
    try:
        builder.build(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return _refused(file, line, "holds bytes that are not UTF-8 text", "save the file as UTF-8")
    except _Refused as refused:
        return Document(file=file, problems=(refused.problem,))
    except YAMLError as error:
        return _malformed(file, error, content)
    if builder.root is None:
        return _refused(file, None, "is empty", "write its keys; docs/configuration.md lists them")
    if not isinstance(builder.root, dict):
        return _refused(file, 1, "does not consist of keys and values", "write lines of the form `key: value`")
    return Document(file=file, content=content, data=builder.root, lines=builder.lines, problems=tuple(builder.problems))


def _refused(file: str, line: int | None, message: str, remedy: str) -> Document:
    return Document(file=file, problems=(Problem(file=file, line=line, field="", message=message, remedy=remedy),))


def _malformed(file: str, error: YAMLError, content: bytes) -> Document:
    if not isinstance(error, MarkedYAMLError):
        return _refused(file, None, "holds characters that YAML does not allow", "remove control characters from the file")
    begun, found = error.context_mark, error.problem_mark or error.context_mark
    reason = error.problem or error.context
    if found is not None and begun is not None and begun.line < found.line:
        reason = f"{reason}, in what begins on line {begun.line + 1}"
        found = begun if "stream" in reason else found  # what is never closed is mended where it opens
    last = len(content.splitlines())
    return _refused(file, min(found.line + 1, last) if found else None, f"is not valid YAML ({reason})", _SPELLING)


class _Refused(Exception):
    """The text holds something after which reading on makes no sense."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not been read yet. `key` is the one that waits for its value."""

    value: dict[str, Any] | list[Any]
    path: FieldPath
    key: str | None = None


class _Builder:
    """Turns the parser's events into plain data, and remembers on which line each value stands."""

    def __init__(self, file: str) -> None:
        self.root: Any = None
        self.lines: dict[FieldPath, int] = {}
        self.problems: list[Problem] = []
        self._file = file
        self._open: list[_Open] = []
        self._documents = 0

    def build(self, text: str) -> None:
        for event in YAML(typ="safe", pure=True).parse(io.StringIO(text)):
            self._take(event, event.start_mark.line + 1)

    def _take(self, event: Event, line: int) -> None:
        if isinstance(event, DocumentStartEvent):
            self._start_document(line)
        elif isinstance(event, CollectionEndEvent):
            self._open.pop()
        elif isinstance(event, NodeEvent):
            self._refuse_references(event, line)
            self._take_node(event, line)

    def _problem(self, line: int, message: str, remedy: str, path: FieldPath = ()) -> Problem:
        return Problem(file=self._file, line=line, field=field_name(path), message=message, remedy=remedy)

    def _start_document(self, line: int) -> None:
        self._documents += 1
        if self._documents > 1:
            remedy = "remove the line `---`, or move what follows it to a file of its own"
            raise _Refused(self._problem(line, "a second document begins here", remedy))

    def _refuse_references(self, event: NodeEvent, line: int) -> None:
        if isinstance(event, AliasEvent) or event.anchor is not None:
            remedy = "write the value out in full, or put it in quotes"
            raise _Refused(self._problem(line, "anchors (`&`) and aliases (`*`) are not read here", remedy))
        if isinstance(event, ScalarEvent | CollectionStartEvent) and event.tag is not None:
            raise _Refused(self._problem(line, "tags (`!`) are not read here", "remove the tag, or put the value in quotes"))

    def _take_node(self, event: NodeEvent, line: int) -> None:
        if self._awaits_key():
            self._take_key(event, line)
        elif isinstance(event, ScalarEvent):
            self._place(_scalar(event), line)
        elif isinstance(event, CollectionStartEvent):
            self._open_collection(event, line)

    def _awaits_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1].value, dict) and self._open[-1].key is None

    def _take_key(self, event: NodeEvent, line: int) -> None:
        if not isinstance(event, ScalarEvent):
            raise _Refused(self._problem(line, "a list or mapping stands where a key must be", "write a word before the colon"))
        innermost = self._open[-1]
        path = (*innermost.path, event.value)
        if event.value in innermost.value:
            message = f"stands here for the second time (first on line {self.lines[path]})"
            self.problems.append(self._problem(line, message, "keep one of the two", path))
        innermost.key = event.value
        self.lines[path] = line

    def _open_collection(self, event: CollectionStartEvent, line: int) -> None:
        if len(self._open) >= DEPTH_CAP:
            raise _Refused(self._problem(line, f"is nested deeper than {DEPTH_CAP} levels", "write it flatter"))
        value: dict[str, Any] | list[Any] = {} if isinstance(event, MappingStartEvent) else []
        self._open.append(_Open(value, self._place(value, line)))

    def _place(self, value: Any, line: int) -> FieldPath:
        """Put `value` where it belongs. A value of a mapping stands on the line of its key."""
        if not self._open:
            self.root = value
            self.lines[()] = line
            return ()
        innermost = self._open[-1]
        if isinstance(innermost.value, list):
            path = (*innermost.path, len(innermost.value))
            innermost.value.append(value)
            self.lines[path] = line
            return path
        key = innermost.key or ""
        innermost.value[key], innermost.key = value, None
        return (*innermost.path, key)


def _scalar(event: ScalarEvent) -> str | int | float | bool | None:
    """The value of a word: quoted text stays text."""
    text: str = event.value
    if event.style is not None:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text
