"""Channels and routes: nobody must find out in an emergency that a route led nowhere."""

import pytest
from pydantic import BaseModel, ConfigDict

from monitor.core.subscription import GroupBy, QuietHours, Weekday
from tests.monitor.configuration.conftest import ConfigurationFolder


class HookSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: str
    secret: str | None = None


CHANNELS = {"webhook": HookSettings}

FULL = """\
    second: phone
    group: {by: [organisation, country], wait: 0s}
    timezone: Europe/Vilnius
    quiet_hours: {since: 22:00, until: '08:00', days: [sat, sun]}
    digest: {at: '09:30', days: [mon]}
    repeat: 4h
    escalate: {after: 20min, channels: [phone], severities: [page, morning]}
"""


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


def rejected(folder: ConfigurationFolder, written: str) -> tuple[str, str, str]:
    """Field, complaint and remedy of the one problem that these lines in the route make. They stand on line 9."""
    folder.replace("alerts.yaml", "routes:", "  - {id: phone, kind: webhook}\nroutes:")
    folder.add("alerts.yaml", f"    {written}\n")
    problem = folder.problem()
    assert problem.line == 9
    return problem.field, problem.message, problem.remedy


@pytest.mark.parametrize(
    ("written", "field"),
    [("second: fone", "routes[0].second"), ("escalate: {channels: [fone]}", "routes[0].escalate.channels[0]")],
)
def test_whoever_steps_in_must_exist(folder: ConfigurationFolder, written: str, field: str) -> None:
    assert rejected(folder, written) == (field, "there is no channel `fone`", "did you mean `phone`?")


def test_a_channel_cannot_step_in_for_itself(folder: ConfigurationFolder) -> None:
    field, message, remedy = rejected(folder, "second: hook")
    assert field == "routes[0].second"
    assert message == "`hook` is one of the route's channels already, so it cannot step in when another fails"
    assert remedy.startswith("name another channel")


def test_a_channel_is_named_once(folder: ConfigurationFolder) -> None:
    folder.replace("alerts.yaml", "channels: [hook]", "channels: [hook, hook]")
    problem = folder.problem()
    assert (problem.field, problem.message) == ("routes[0].channels[1]", "names `hook` again")


def test_those_who_are_told_last_are_named_once(folder: ConfigurationFolder) -> None:
    assert rejected(folder, "escalate: {channels: [phone, phone]}")[:2] == (
        "routes[0].escalate.channels[1]",
        "names `phone` again",
    )


def test_a_night_without_an_end_is_refused(folder: ConfigurationFolder) -> None:
    field, message, remedy = rejected(folder, "quiet_hours: {since: '08:00', until: '08:00'}")
    assert (field, message) == ("routes[0].quiet_hours", "is not understood")
    assert "nothing would ever be told" in remedy


@pytest.mark.parametrize(
    ("written", "field", "remedy"),
    [
        ("quiet_hours: {since: '8 pm', until: '08:00'}", "quiet_hours.since", "write hours and minutes in quotes"),
        ("quiet_hours: {since: '24:00', until: '08:00'}", "quiet_hours.since", "write hours and minutes in quotes"),
        ("quiet_hours: {until: '08:00'}", "quiet_hours.since", "add it"),
        ("digest: {at: '25:00'}", "digest.at", "write hours and minutes in quotes"),
        ("digest: {days: [monday]}", "digest.days[0]", "did you mean `mon`?"),
        ("digest: {days: []}", "digest.days", "give at least 1"),
        ("timezone: Europe/Wilno", "timezone", "write a time zone as the IANA database names it"),
        ("repeat: 10s", "repeat", "write at least 300"),
        ("repeat: often", "repeat", "write a duration as a number and a unit"),
        ("group: {wait: 2h}", "group.wait", "write at most 3600"),
        ("group: {by: [organization]}", "group.by[0]", "did you mean `organisation`?"),
        ("escalate: {after: 30min}", "escalate.channels", "add it"),
        ("match: {tlp: [amber]}", "match.tlp[0]", "did you mean `AMBER`?"),
        ("match: {severities: [urgent]}", "match.severities[0]", "choose one of them"),
    ],
)
def test_a_mistake_in_a_route_is_explained(folder: ConfigurationFolder, written: str, field: str, remedy: str) -> None:
    found, _, what_to_do = rejected(folder, written)
    assert found == f"routes[0].{field}"
    assert what_to_do.startswith(remedy)


def test_everything_that_a_route_may_say_is_read(folder: ConfigurationFolder) -> None:
    folder.replace("alerts.yaml", "routes:", "  - {id: phone, kind: webhook, up_to: CLEAR}\nroutes:")
    folder.add("alerts.yaml", FULL)
    route = folder.load().alerts.routes[0]
    assert (route.second, route.timezone, route.repeat) == ("phone", "Europe/Vilnius", 14400)
    assert route.quiet_hours == QuietHours(since="22:00", until="08:00", days=(Weekday.SATURDAY, Weekday.SUNDAY))
    assert route.escalate is not None
    assert (route.escalate.after, route.escalate.channels) == (1200, ("phone",))
    assert (route.group.wait, route.group.by) == (0, (GroupBy.ORGANISATION, GroupBy.COUNTRY))
