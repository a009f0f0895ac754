"""Blind spots of a configuration that is otherwise in order."""

import pytest

from monitor.configuration import warnings
from monitor.configuration.alert_advice import Surroundings, unusable_secrets
from monitor.settings import MissingSecret
from tests.monitor.configuration.conftest import ConfigurationFolder


def advice(folder: ConfigurationFolder) -> str:
    return "\n".join(warnings(folder.load()))


def test_a_route_with_one_channel_is_one_failure_away_from_silence(folder: ConfigurationFolder) -> None:
    assert "Route `everything` has one channel only" in advice(folder)
    folder.replace("alerts.yaml", "routes:", "  - {id: second, kind: webhook}\nroutes:")
    assert "Channel `second` belongs to no route" in advice(folder)
    folder.replace("alerts.yaml", "channels: [hook]", "channels: [hook, second]")
    assert "hook" not in advice(folder)
    assert "second`" not in advice(folder)


def test_without_a_route_nobody_is_told(folder: ConfigurationFolder) -> None:
    folder.write("alerts.yaml", "channels: []\nroutes: []\n")
    assert "Nobody is told of anything" in advice(folder)


def test_a_second_channel_is_a_channel_and_an_escalation_is_not(folder: ConfigurationFolder) -> None:
    folder.replace("alerts.yaml", "routes:", "  - {id: phone, kind: webhook}\nroutes:")
    folder.add("alerts.yaml", "    escalate: {channels: [phone]}\n")
    assert "Route `everything` has one channel only" in advice(folder)
    assert "Channel `phone`" not in advice(folder)
    folder.add("alerts.yaml", "    second: phone\n")
    assert "one channel only" not in advice(folder)


def slack(folder: ConfigurationFolder, kinds: str = "[saas]") -> None:
    """Slack is described, and the route speaks through it alone."""
    text = f"id: slack\nname: {{en: Slack}}\nkinds: {kinds}\nhomepage: https://slack.com/\n"
    folder.write("providers/slack.yaml", text)
    folder.replace("alerts.yaml", "hooks.example.org", "hooks.slack.com")


def test_the_loss_of_a_provider_must_not_silence_the_news_of_it(folder: ConfigurationFolder) -> None:
    slack(folder)
    assert "Every channel of route `everything` depends on `slack`, which is watched" in advice(folder)
    folder.replace("alerts.yaml", "routes:", "  - {id: team, kind: chat, settings: {service: Slack}}\nroutes:")
    folder.replace("alerts.yaml", "channels: [hook]", "channels: [hook, team]")
    assert "Every channel of route `everything` depends on `slack`" in advice(folder)
    assert "Channel `hook` depends" not in advice(folder)


def test_a_channel_beside_it_that_does_without_the_provider_is_enough(folder: ConfigurationFolder) -> None:
    slack(folder)
    folder.replace("alerts.yaml", "routes:", "  - {id: own, kind: webhook, settings: {url: https://a.example/}}\nroutes:")
    folder.add("alerts.yaml", "    second: own\n")
    assert "Every channel" not in advice(folder)
    assert "Channel `hook` depends on `slack`, which is watched" in advice(folder)
    assert "`own` depends" not in advice(folder)


def test_a_provider_counts_as_watched_where_somebody_depends_on_it(folder: ConfigurationFolder) -> None:
    slack(folder, kinds="[hosting]")
    assert "depends on `slack`" not in advice(folder)
    folder.add("organisations/ovd-info.yaml", "  - provider: slack\n")
    assert "depends on `slack`" in advice(folder)


def test_a_kind_of_channel_may_know_more_than_its_settings_tell(folder: ConfigurationFolder) -> None:
    slack(folder)
    folder.replace("alerts.yaml", "hooks.slack.com", "hooks.example.org")
    assert "depends on" not in advice(folder)
    around = Surroundings(carrier=lambda channel: "slack" if channel.id == "hook" else None)
    assert "depends on `slack`" in "\n".join(warnings(folder.load(), around))


@pytest.mark.parametrize(
    "settings", ["{url: 'https://[', service: 5}", "{host: slack.com.example.org}", "{url: https://notslack.com/}"]
)
def test_settings_that_point_nowhere_warn_of_nothing(folder: ConfigurationFolder, settings: str) -> None:
    slack(folder)
    folder.replace("alerts.yaml", "{url: https://hooks.slack.com/}", settings)
    assert "depends on" not in advice(folder)


def test_times_of_day_need_a_zone(folder: ConfigurationFolder) -> None:
    folder.add("alerts.yaml", "    quiet_hours: {since: '22:00', until: '08:00'}\n")
    assert "Route `everything` has times of day and no `timezone`: they are read as UTC." in advice(folder)
    folder.add("alerts.yaml", "    timezone: UTC\n")
    assert "timezone" not in advice(folder)


def test_a_digest_that_nothing_would_fill_or_that_the_night_holds_up_is_named(folder: ConfigurationFolder) -> None:
    folder.add("alerts.yaml", "    timezone: UTC\n    quiet_hours: {since: '22:00', until: '09:30'}\n")
    assert "The digest of route `everything` falls into its quiet hours" in advice(folder)
    folder.add("alerts.yaml", "    digest: {at: '10:00'}\n    match: {severities: [page]}\n")
    assert "falls into its quiet hours" not in advice(folder)
    assert "has a digest, and takes nothing that a digest tells" in advice(folder)
    folder.replace("alerts.yaml", "[page]", "[page, digest]")
    assert "digest" not in advice(folder)


def test_controls_are_missed_where_they_are_too_few(folder: ConfigurationFolder) -> None:
    assert "`berlin` has no control" in advice(folder)
    assert "`moscow` has one control only" in advice(folder)


def test_a_country_nobody_looks_from_is_named_with_those_who_fear_it(folder: ConfigurationFolder) -> None:
    assert "No vantage point looks from" not in advice(folder)
    folder.replace("monitor.yaml", "kind: proxy", "kind: proxy\n    paused: true")
    assert "No vantage point looks from RU: a block there will not be seen (ovd-info)." in advice(folder)


def test_a_place_without_a_country_or_canaries_is_named(folder: ConfigurationFolder) -> None:
    folder.replace("monitor.yaml", "    country: DE\n", "")
    folder.replace("monitor.yaml", "foreign: [www.iana.org, www.debian.org]", "domestic: [www.debian.org]")
    assert "`berlin` has no country" in advice(folder)
    assert "`moscow` has no foreign canaries" in advice(folder)


def test_a_place_that_could_not_tell_a_shutdown_is_named(folder: ConfigurationFolder) -> None:
    """A place in a country where nothing of the kind is to be feared needs no domestic canaries."""
    assert "`moscow` has no domestic canaries: when RU is cut off" in advice(folder)
    assert "`berlin` has no domestic canaries" not in advice(folder)
    folder.replace("monitor.yaml", "canaries:\n", "canaries:\n  domestic: [www.example.ru]\n")
    assert "domestic canaries" not in advice(folder)


def test_organisations_without_a_target_are_listed_shortly(folder: ConfigurationFolder) -> None:
    for number in range(8):
        folder.write(f"organisations/quiet-{number}.yaml", f"id: quiet-{number}\nname: {{en: Quiet}}\n")
    assert "Nothing is watched of quiet-0, quiet-1, quiet-2, quiet-3, quiet-4 and 3 more" in advice(folder)


def test_looks_too_rare_to_add_up_are_named(folder: ConfigurationFolder) -> None:
    assert "confirmation.silence" not in advice(folder)
    folder.replace("monitor.yaml", "    country: DE\n", "    country: DE\n    every: 2h\n")
    assert "Looks of berlin are further apart than `confirmation.silence` (3600 s)" in advice(folder)


def linking_to(folder: ConfigurationFolder, address: str) -> str:
    """The advice about a mail that links there."""
    folder.replace("alerts.yaml", "kind: webhook", "kind: email")
    return "\n".join(warnings(folder.load(), Surroundings(address=address)))


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000", "0.0.0.0:8000", "watch.localhost"])
def test_links_that_open_on_this_machine_only_are_told_of(folder: ConfigurationFolder, host: str) -> None:
    told = linking_to(folder, f"http://{host}")
    assert f"Links in messages lead to http://{host}/, which opens on this machine only. Set CUTWATCH_BASE_URL" in told


@pytest.mark.parametrize("host", ["192.168.1.20:8000", "[2001:db8::1]"])
def test_links_to_a_bare_address_without_encryption_are_told_of(folder: ConfigurationFolder, host: str) -> None:
    assert "which nothing encrypts on its way. Set CUTWATCH_BASE_URL" in linking_to(folder, f"http://{host}")


@pytest.mark.parametrize("address", ["https://watch.example", "http://watch4lphabet.onion", "https://192.0.2.7"])
def test_an_address_that_readers_can_open_needs_no_advice(folder: ConfigurationFolder, address: str) -> None:
    assert "CUTWATCH_BASE_URL" not in linking_to(folder, address)


def test_where_only_a_program_is_told_links_may_lead_to_this_machine(folder: ConfigurationFolder) -> None:
    around = Surroundings(address="http://127.0.0.1:8000")
    assert "CUTWATCH_BASE_URL" not in "\n".join(warnings(folder.load(), around))


def test_a_channel_without_its_secret_is_told_of_and_is_no_mistake_in_the_files(folder: ConfigurationFolder) -> None:
    around = Surroundings(secret_trouble=lambda _: MissingSecret("set HOOK_SECRET"))
    assert "Channel `hook` cannot send: set HOOK_SECRET." in warnings(folder.load(), around)
    assert not unusable_secrets(folder.load(), around.secret_trouble, "alerts.yaml")


def test_a_secret_that_will_not_do_is_a_mistake(folder: ConfigurationFolder) -> None:
    around = Surroundings(secret_trouble=lambda _: ValueError("HOOK_SECRET must be base64"))
    assert "Channel `hook` cannot send: HOOK_SECRET must be base64." in warnings(folder.load(), around)
    [problem] = unusable_secrets(folder.load(), around.secret_trouble, "alerts.yaml")
    assert str(problem) == "alerts.yaml: channels[0]: HOOK_SECRET must be base64. Mend it in the environment."
