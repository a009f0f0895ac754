"""Channels and routes: nobody must find out in an emergency that a route led nowhere."""

import pytest
from pydantic import BaseModel, ConfigDict

from tests.monitor.configuration.conftest import ConfigurationFolder


class HookSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: str
    secret: str | None = None


CHANNELS = {"webhook": HookSettings}


def test_an_unknown_channel_is_suggested(folder: ConfigurationFolder) -> None:
    folder.replace("alerts.yaml", "channels: [hook]", "channels: [hoook]")
    problem = folder.problem()
    assert (problem.line, problem.field) == (7, "routes[0].channels[0]")
    assert problem.remedy == "did you mean `hook`?"


@pytest.mark.parametrize(
    ("match", "field", "remedy"),
    [
        ("organisations: [ovdinfo]", "routes[0].match.organisations[0]", "did you mean `ovd-info`?"),
        ("providers: [stripe]", "routes[0].match.providers[0]", "add its file to `providers/`"),
        ("kinds: [block]", "routes[0].match.kinds[0]", "did you mean `blocking`?"),
    ],
)
def test_a_route_that_could_never_match_is_refused(folder: ConfigurationFolder, match: str, field: str, remedy: str) -> None:
    folder.add("alerts.yaml", f"    match: {{{match}}}\n")
    problem = folder.problem()
    assert (problem.field, problem.remedy) == (field, remedy)


def test_settings_are_checked_by_the_kind_of_channel(folder: ConfigurationFolder) -> None:
    assert folder.load(channel_settings=CHANNELS).alerts.channels[0].kind == "webhook"
    folder.replace("alerts.yaml", "{url: https://hooks.example.org/}", "{ulr: https://hooks.example.org/}")
    found = {problem.field: problem for problem in folder.problems(channel_settings=CHANNELS)}
    assert set(found) == {"channels[0].settings.url", "channels[0].settings.ulr"}
    assert found["channels[0].settings.ulr"].remedy == "did you mean `url`?"
    assert found["channels[0].settings.ulr"].line == 4


def test_a_channel_without_settings_is_told_what_it_lacks(folder: ConfigurationFolder) -> None:
    folder.replace("alerts.yaml", "    settings: {url: https://hooks.example.org/}\n", "")
    problem = folder.problem(channel_settings=CHANNELS)
    assert problem.field == "channels[0].settings.url"
    assert problem.message == "is missing"


def test_an_unknown_kind_of_channel_is_suggested(folder: ConfigurationFolder) -> None:
    folder.replace("alerts.yaml", "kind: webhook", "kind: webhok")
    assert folder.problem(channel_settings=CHANNELS).remedy == "did you mean `webhook`?"
    assert folder.load().alerts.channels[0].kind == "webhok"


def test_ids_of_channels_and_routes_are_unique(folder: ConfigurationFolder) -> None:
    folder.add("alerts.yaml", "  - id: everything\n    channels: [hook]\n")
    folder.replace("alerts.yaml", "routes:", "  - id: hook\n    kind: webhook\nroutes:")
    assert [(problem.line, problem.field) for problem in folder.problems()] == [(5, "channels[1].id"), (10, "routes[1].id")]
