"""An example of every answer, for the description of the API, put together from the examples of its fields."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from api.problems import MEDIA_TYPE, problem_example

_BY_FORMAT: Final = {"date-time": "2026-11-21T10:05:13Z", "uri": "https://cutwatch.example/"}

_BY_TYPE: Final[Mapping[str, Any]] = {"string": "…", "integer": 1, "number": 0.5, "boolean": False, "object": {}, "null": None}

_TEXTS: Final = {
    "application/atom+xml": '<feed xmlns="http://www.w3.org/2005/Atom">…</feed>',
    "application/x-ndjson": '{"observation": "019ab2c3d4e5f60718293a4b5c6d7e8f", …}\n',
    "text/calendar": "BEGIN:VCALENDAR\r\n…\r\nEND:VCALENDAR\r\n",
}
"""What the answers that are no JSON begin and end with."""

_DEEPEST: Final = 12

Schema = Mapping[str, Any]


def operations(description: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every operation that is described."""
    yield from (operation for path in description["paths"].values() for operation in path.values())


def contents(description: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The media type of every answer and what is described of it."""
    answers = (answer for operation in operations(description) for answer in operation["responses"].values())
    yield from (one for answer in answers for one in answer.get("content", {}).items())


def add_examples(description: dict[str, Any]) -> None:
    """Give each body that is taken and each answer an example, unless it has one."""
    schemas = description["components"]["schemas"]
    for operation in operations(description):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            content.setdefault("example", example(content["schema"], schemas))
        for status, answer in operation["responses"].items():
            for media_type, content in answer.get("content", {}).items():
                _add_example(int(status), media_type, content, schemas)


def _add_example(status: int, media_type: str, content: dict[str, Any], schemas: Mapping[str, Schema]) -> None:
    if "$ref" in content.get("schema", {}):
        content["schema"].pop("type", None)  # FastAPI calls what we render ourselves a string besides
    if media_type == MEDIA_TYPE:
        content["example"] = problem_example(status)
    elif media_type == "text/event-stream":
        content["example"] = _event(schemas)
    elif media_type in _TEXTS:
        content.setdefault("example", _TEXTS[media_type])
    elif media_type.endswith("json") and "schema" in content:
        content.setdefault("example", example(content["schema"], schemas))


def _event(schemas: Mapping[str, Schema]) -> str:
    """An alert as the stream sends it."""
    alert = example(schemas["Alert"], schemas)
    return f"id: {alert['id']}\nevent: {alert['type']}\ndata: {json.dumps(alert, ensure_ascii=False)}\n\n"


def example(schema: Schema, schemas: Mapping[str, Schema], depth: int = 0) -> Any:
    """A value that fits the schema; `schemas` are those that it may refer to."""
    given = [*schema.get("examples", ()), *([schema["default"]] if "default" in schema else ()), *schema.get("enum", ())]
    if given or "const" in schema:
        return _with_nulls(given[0], schema, schemas) if given else schema["const"]
    if "$ref" in schema:
        return example(schemas[schema["$ref"].rpartition("/")[2]], schemas, depth)
    choices = schema.get("anyOf")
    if choices:
        return None if depth > _DEEPEST else example(choices[0], schemas, depth)
    return _of_type(schema, schemas, depth + 1)


def _with_nulls(given: Any, schema: Schema, schemas: Mapping[str, Schema]) -> Any:
    """FastAPI has left out of the examples what is null in them."""
    meant = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return {**dict.fromkeys(meant.get("required", ())), **given} if isinstance(given, dict) else given


def _of_type(schema: Schema, schemas: Mapping[str, Schema], depth: int) -> Any:
    if schema.get("type") == "array":
        return [] if depth > _DEEPEST else [example(schema["items"], schemas, depth)]
    if "properties" in schema:
        return {name: _part(name, schema, schemas, depth) for name in schema["properties"]}
    return _BY_FORMAT.get(schema.get("format", ""), _BY_TYPE.get(schema.get("type", "null")))


def _part(name: str, schema: Schema, schemas: Mapping[str, Schema], depth: int) -> Any:
    part = schema["properties"][name]
    may_lack = name not in schema.get("required", ()) and {"type": "null"} in part.get("anyOf", ())
    return None if may_lack and "examples" not in part else example(part, schemas, depth)
