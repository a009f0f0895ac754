from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.keys import Scope, could_be_secret, fingerprint, make_key, new_secret, parse_authorization

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_a_key_holds_the_hash_of_its_secret_and_not_the_secret() -> None:
    key, secret = make_key("desk", (Scope.READ,), None, NOW)
    assert key.hash == fingerprint(secret)
    assert secret not in repr(key)


def test_secrets_are_long_recognisable_and_never_the_same() -> None:
    secrets = {new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert all(secret.startswith("cutwatch_") and len(secret) >= 9 + 43 for secret in secrets)


def test_a_key_opens_nothing_once_it_has_expired_or_was_revoked() -> None:
    key, _ = make_key("desk", (Scope.READ,), None, NOW, NOW + timedelta(days=1))
    revoked, _ = make_key("desk", (Scope.READ,), None, NOW)
    assert key.usable(NOW)
    assert not key.usable(NOW + timedelta(days=1))
    object.__setattr__(revoked, "revoked_at", NOW)
    assert not revoked.usable(NOW)


def test_admin_allows_everything_and_other_scopes_only_themselves() -> None:
    admin, _ = make_key("root", (Scope.ADMIN,), None, NOW)
    reader, _ = make_key("desk", (Scope.READ,), None, NOW)
    assert all(admin.allows(scope) for scope in Scope)
    assert [scope for scope in Scope if reader.allows(scope)] == [Scope.READ]


def test_the_secret_is_found_in_a_bearer_header_however_it_is_spelled() -> None:
    assert parse_authorization("Bearer cutwatch_x") == "cutwatch_x"
    assert parse_authorization("bearer  cutwatch_x ") == "cutwatch_x"


def test_other_headers_hold_no_secret() -> None:
    for header in ("", "Bearer", "Bearer ", "Basic YTpi", "cutwatch_x", "Bearer кириллица", "Bearer " + "x" * 129):
        assert parse_authorization(header) is None


@given(st.text())
def test_no_header_breaks_the_parser(header: str) -> None:
    found = parse_authorization(header)
    assert found is None or (found in header and 0 < len(found) <= 128)


def test_a_secret_of_ours_is_known_by_its_form_and_whatever_else_is_not() -> None:
    secret = new_secret()
    assert could_be_secret(secret)
    for other in ("", secret[:-1], f"{secret}x", f"{secret}\n", secret.replace("cutwatch_", ""), "cutwatch_" + "я" * 43):
        assert not could_be_secret(other), other
