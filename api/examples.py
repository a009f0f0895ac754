"""An example of every answer, for the description of the API, put together from the examples of its fields."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

_BY_FORMAT: Final = {"date-time": "2026-11-21T10:05:13Z", "uri": "https://cutwatch.example/"}

_BY_TYPE: Final[Mapping[str, Any]] = {"string": "…", "integer": 1, "number": 0.5, "boolean": False, "object": {}, "null": None}

_TEXTS: Final = {
    "application/atom+xml": '<feed xmlns="http://www.w3.org/2005/Atom">…</feed>',
    "application/x-ndjson": '{"observation": "…"}\n{"observation": "…"}\n',
    "text/calendar": "BEGIN:VCALENDAR\r\n…\r\nEND:VCALENDAR\r\n",
    "text/event-stream": "id: 118.0\nevent: incident.confirmed\ndata: {…}\n\n",
}
"""What the answers that are no JSON begin and end with."""

_DEEPEST: Final = 12

Schema = Mapping[str, Any]


def contents(description: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The media type of every answer and what is described of it."""
    operations = (operation for path in description["paths"].values() for operation in path.values())
    answers = (answer for operation in operations for answer in operation["responses"].values())
    yield from (one for answer in answers for one in answer.get("content", {}).items())


def add_examples(description: dict[str, Any]) -> None:
    """Give each answer an example, unless it has one."""
    schemas = description["components"]["schemas"]
    for media_type, content in contents(description):
        if "$ref" in content.get("schema", {}):
            content["schema"].pop("type", None)  # FastAPI calls what we render ourselves a string besides
        if media_type in _TEXTS:
            content.setdefault("example", _TEXTS[media_type])
        elif media_type.endswith("json") and "schema" in content:
            content.setdefault("example", example(content["schema"], schemas))


def example(schema: Schema, schemas: Mapping[str, Schema], depth: int = 0) -> Any:
    """A value that fits the schema; `schemas` are those that it may refer to."""
    if "$ref" in schema:
        return example(schemas[schema["$ref"].rpartition("/")[2]], schemas, depth)
    given = [*schema.get("examples", ()), *schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())]
    if given:
        return given[0]
    choices = schema.get("anyOf")
    if choices:
        return None if depth > _DEEPEST else example(choices[0], schemas, depth)
    return _of_type(schema, schemas, depth + 1)


def _of_type(schema: Schema, schemas: Mapping[str, Schema], depth: int) -> Any:
    if schema.get("type") == "array":
        return [] if "default" in schema or depth > _DEEPEST else [example(schema["items"], schemas, depth)]
    if "properties" in schema:
        return {name: example(part, schemas, depth) for name, part in schema["properties"].items()}
    return _BY_FORMAT.get(schema.get("format", ""), _BY_TYPE.get(schema.get("type", "null")))
