"""The configuration that ships: it loads without a problem, says where its facts come from, and sends nothing by itself."""

import re
from collections import Counter
from pathlib import Path

import pytest

from monitor.alerts import channels
from monitor.configuration import load, warnings
from monitor.configuration.reader import parse
from monitor.core.model import Tlp
from monitor.core.plan import plan_checks
from monitor.core.watchlist import Provider, Target, Watchlist
from probes.kit.discover import discover
from probes.kit.resolvers import Transport
from probes.kit.vocabulary import VantageKind

CONFIG = Path(__file__).parents[2] / "config"
FILES = sorted(CONFIG.glob("organisations/*.yaml")) + sorted(CONFIG.glob("providers/*.yaml"))

CHANNEL_SETTINGS = {name: kind.settings for name, kind in channels.discover().items()}

TO_BE_CHECKED = "From common knowledge"

NAMED_IN_THE_DESIGN = {
    "godaddy", "hetzner", "mailchimp", "globalgiving", "benevity", "stripe", "cloudpayments", "yookassa", "vk", "ok", "dzen",
    "yandex_search", "youtube", "change_org", "canva", "openai", "jira", "trello", "grammarly", "telegram",
}  # fmt: skip
NEIGHBOURS = {
    "paypal", "patreon", "donorbox", "every_org", "boosty", "facebook", "x", "cloudflare", "apple_app_store",
    "google_workspace", "zoom", "slack", "namecheap",
}  # fmt: skip


@pytest.fixture(scope="module")
def shipped() -> Watchlist:
    return load(CONFIG, channel_settings=CHANNEL_SETTINGS, country="DE")


@pytest.fixture(scope="module")
def documented(reference: Path) -> str:
    return (reference / "incidents" / "documented_incidents.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def catalogue(reference: Path) -> str:
    return (reference / "providers" / "catalogue.yaml").read_text(encoding="utf-8")


def targets(watchlist: Watchlist) -> list[Target]:
    return [target for organisation in watchlist.organisations for target in organisation.targets]


def host(target: Target) -> str:
    return re.sub(r"^https?://(?:www\.)?|/.*$", "", target.url or "") or target.domain or ""


def test_it_loads_without_a_problem_and_gives_something_to_look_at(shipped: Watchlist) -> None:
    checks = plan_checks(shipped, discover())
    assert {check.target for check in checks} == {target.id for target in targets(shipped)}
    assert len({check.id for check in checks}) == len(checks)


def test_it_watches_ovd_info_at_all_its_sites(shipped: Watchlist) -> None:
    organisation = shipped.organisation("ovd-info")
    assert organisation is not None
    assert {host(target) for target in organisation.targets} == {"ovdinfo.org", "ovd.info", "en.ovdinfo.org", "reports.ovd.info"}
    assert {"godaddy", "mailchimp", "globalgiving", "vk", "ok", "dzen", "yandex_search"} <= {
        one.provider for one in organisation.depends_on
    }


def test_each_organisation_has_a_source_both_names_and_a_watched_site_or_a_reason(shipped: Watchlist) -> None:
    for organisation in shipped.organisations:
        assert organisation.sources, organisation.id
        assert organisation.name.ru, organisation.id
        assert organisation.targets or organisation.note, organisation.id


def test_every_site_is_looked_at_over_tls(shipped: Watchlist) -> None:
    assert [target.id for target in targets(shipped) if not (target.url or "").startswith("https://")] == []


def test_no_site_is_watched_twice(shipped: Watchlist) -> None:
    hosts = [host(target) for target in targets(shipped)]
    assert sorted(hosts) == sorted(set(hosts))


def test_everything_ships_as_amber(shipped: Watchlist) -> None:
    assert {organisation.tlp for organisation in shipped.organisations} == {Tlp.AMBER}
    assert {target.tlp for target in targets(shipped)} == {Tlp.AMBER}


def test_nothing_is_sent_before_a_person_says_so(shipped: Watchlist) -> None:
    assert shipped.alerts.routes == ()
    assert shipped.alerts.channels == ()
    assert any("Nobody is told" in warning for warning in warnings(shipped))


def test_it_looks_from_this_machine_only_and_knows_how_to_doubt_itself(shipped: Watchlist) -> None:
    (here,) = shipped.monitor.vantages
    assert (here.id, here.kind, here.country) == ("here", VantageKind.DIRECT, "DE")
    canaries = shipped.monitor.canaries
    domains = {name.removeprefix("www.") for name in canaries.foreign}
    assert len(domains) >= 4
    assert domains.isdisjoint(host(target) for target in targets(shipped))


def test_every_provider_of_the_design_is_there(shipped: Watchlist) -> None:
    assert {provider.id for provider in shipped.providers} >= NAMED_IN_THE_DESIGN | NEIGHBOURS


def test_a_provider_named_in_the_incidents_says_where(shipped: Watchlist) -> None:
    unsourced = {provider.id for provider in shipped.providers if not provider.sources}
    assert unsourced == NEIGHBOURS | {"telegram"}


def test_an_address_comes_from_the_documents_or_says_that_it_does_not(
    shipped: Watchlist, documented: str, catalogue: str
) -> None:
    for target in targets(shipped):
        in_documents = host(target) in documented or host(target) in catalogue
        assert in_documents or TO_BE_CHECKED in (target.note or ""), target.id


def test_every_source_with_an_address_is_one_of_the_documents(shipped: Watchlist, documented: str) -> None:
    sources = [one.sources for one in shipped.organisations] + [one.sources for one in shipped.providers]
    cited = [source.url for some in sources for source in some if source.url]
    assert cited
    assert [url for url in cited if url not in documented] == []


def test_every_organisation_of_the_documented_incidents_is_watched(shipped: Watchlist, documented: str) -> None:
    unwatched = {"Russian clients", "Russian NGOs", "Russian civil society organisations"}
    named = set(re.findall(r"target: \{org: ([A-Z][^,'{}]+?)(?: \([A-Z]+\))?, asset", documented)) - unwatched
    known = {name for one in shipped.organisations for name in (one.name.en, *one.aliases)}
    known |= {re.sub(r" \([A-Z]+\)$", "", name) for name in known}
    assert len(named) > 15
    assert named - known == set()


def test_commented_examples_are_right_once_uncommented(tmp_path: Path) -> None:
    for name in ("monitor.yaml", "alerts.yaml"):
        text = (CONFIG / name).read_text(encoding="utf-8").replace("channels: []\n", "").replace("routes: []\n", "")
        (tmp_path / name).write_text(re.sub(r"^( *)# ( *(?:- )?[a-z_]+:)", r"\1\2", text, flags=re.MULTILINE), encoding="utf-8")
    for folder in ("organisations", "providers"):
        (tmp_path / folder).symlink_to(CONFIG / folder)
    watchlist = load(tmp_path, channel_settings=CHANNEL_SETTINGS, country="DE")
    assert [vantage.id for vantage in watchlist.monitor.vantages] == ["here", "ru-1"]
    assert [route.id for route in watchlist.alerts.routes] == ["everything", "wake-someone", "blocked-in-russia"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_is_plain_and_tidy(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "\t" not in text
    assert text.endswith("\n")
    assert list(parse(path.name, text.encode()).data)[:2] == ["id", "name"]


def test_of_every_transport_two_public_resolvers_are_listed(shipped: Watchlist) -> None:
    listed = Counter(one.transport for one in shipped.monitor.public_resolvers)
    assert listed == {Transport.UDP: 2, Transport.DOT: 2, Transport.DOH: 2}
    assert shipped.monitor.vantages[0].public_resolvers == shipped.monitor.public_resolvers


@pytest.mark.parametrize("key", ["vantages", "public_resolvers", "canaries", "cadence", "limits", "confirmation", "retention"])
def test_every_part_of_the_monitors_file_is_written_out(key: str) -> None:
    assert parse("monitor.yaml", (CONFIG / "monitor.yaml").read_bytes()).value(key)


def test_what_ships_written_out_is_what_counts_anyway(shipped: Watchlist) -> None:
    for part in (shipped.monitor.cadence, shipped.monitor.limits, shipped.monitor.confirmation, shipped.monitor.retention):
        assert part == type(part)()


def test_providers_ask_for_stable_ids_where_there_are_any(shipped: Watchlist) -> None:
    def asks_for_handle_only(provider: Provider) -> bool:
        numeric = [field for field in provider.account.values() if field.type == "numeric_id"]
        return bool(numeric) and not all(field.stable for field in numeric)

    assert [provider.id for provider in shipped.providers if asks_for_handle_only(provider)] == []
