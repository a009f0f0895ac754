"""`cutwatch keys`."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.clock import Clock
from tests.monitor.commands.conftest import Type, objects


def test_a_secret_is_shown_once_and_kept_nowhere(cutwatch: Type, house: Path) -> None:
    (made,) = objects(cutwatch("keys", "create", "a partner", "--organisation", "ovd-info", "--days", "30", "--json"))
    assert made["secret"].startswith("cutwatch_")
    (listed,) = objects(cutwatch("keys", "list", "--json"))
    assert "secret" not in listed
    assert (listed["id"], listed["organisations"], listed["scopes"]) == (made["id"], ["ovd-info"], ["read"])
    for file in (house / "var").rglob("cutwatch.db*"):
        assert made["secret"].encode() not in file.read_bytes()


def test_a_revoked_key_is_listed_as_such(cutwatch: Type) -> None:
    (made,) = objects(cutwatch("keys", "create", "a partner", "--json"))
    assert cutwatch("keys", "revoke", made["id"]).exit_code == 0
    assert "revoked" in cutwatch("keys", "list").stdout


def test_the_addresses_of_private_feeds_are_shown_once_and_kept_nowhere(cutwatch: Type, house: Path) -> None:
    (made,) = objects(cutwatch("keys", "feed", "ovd-info", "--json", env={"CUTWATCH_BASE_URL": "https://watch.example.org"}))
    assert set(made["addresses"]) == {"JSON Feed", "Atom", "calendar"}
    address = made["addresses"]["calendar"]
    assert address.startswith("https://watch.example.org/private/cutwatch_")
    assert address.endswith("/calendar.ics")
    (listed,) = objects(cutwatch("keys", "list", "--json"))
    assert (listed["id"], listed["use"], listed["organisations"]) == (made["id"], "feed", ["ovd-info"])
    secret = address.split("/")[-2]
    for file in (house / "var").rglob("cutwatch.db*"):
        assert secret.encode() not in file.read_bytes()


def test_private_feeds_are_listed_and_revoked_like_keys(cutwatch: Type) -> None:
    assert "/private/cutwatch_" in cutwatch("keys", "feed", "ovd-info", "--name", "the newsroom").stdout
    (made,) = objects(cutwatch("keys", "list", "--json"))
    assert "private feeds" in cutwatch("keys", "list").stdout
    assert cutwatch("keys", "revoke", made["id"]).exit_code == 0
    (after,) = objects(cutwatch("keys", "list", "--json"))
    assert after["revoked"] is not None


def test_there_are_no_private_feeds_of_an_organisation_that_is_not_watched(cutwatch: Type) -> None:
    result = cutwatch("keys", "feed", "ovd-inof")
    assert result.exit_code == 2
    assert "it knows: ovd-info" in result.stderr


def test_a_key_cannot_be_bound_to_an_organisation_that_is_not_watched(cutwatch: Type) -> None:
    result = cutwatch("keys", "create", "a partner", "--organisation", "ovd-info", "--organisation", "ovd-inof")
    assert result.exit_code == 2
    assert "it knows: ovd-info" in result.stderr
    assert "There are no keys" in cutwatch("keys", "list").stdout


def test_revoking_what_does_not_exist_says_so(cutwatch: Type) -> None:
    result = cutwatch("keys", "revoke", "key-0")
    assert result.exit_code == 2
    assert "cutwatch keys list" in result.stderr


def test_without_keys_it_says_how_to_make_one(cutwatch: Type) -> None:
    assert "cutwatch keys create" in cutwatch("keys", "list").stdout


def test_a_sign_in_address_leads_to_the_service(cutwatch: Type) -> None:
    result = cutwatch("keys", "sign-in", env={"CUTWATCH_BASE_URL": "https://watch.example.org/"})
    assert result.stdout.startswith("https://watch.example.org/sign-in?token=cutwatch_")


def test_a_sign_in_lasts_half_an_hour_by_the_clock_of_the_demonstration(cutwatch: Type) -> None:
    clock = Clock.starting(datetime(2021, 12, 25, 9, 0, tzinfo=UTC), 80)
    (made,) = objects(cutwatch("keys", "sign-in", "--json", env={"CUTWATCH_LAB_CLOCK": clock.to_environment()}))
    left = (datetime.fromisoformat(made["expires"]) - clock.now()) / clock.speed
    assert timedelta(minutes=29) < left <= timedelta(minutes=30)


def test_the_database_is_nobody_elses_to_read(cutwatch: Type, house: Path) -> None:
    cutwatch("keys", "list")
    assert (house / "var").stat().st_mode & 0o077 == 0
    assert (house / "var" / "cutwatch.db").stat().st_mode & 0o077 == 0


def test_a_damaged_database_is_explained(cutwatch: Type, house: Path) -> None:
    (house / "var").mkdir()
    (house / "var" / "cutwatch.db").write_bytes(b"no database " * 1000)
    result = cutwatch("keys", "list")
    assert result.exit_code == 1
    assert "database" in result.stderr
