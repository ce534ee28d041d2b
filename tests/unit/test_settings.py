"""Settings come from ZONEWATCH_* or .env only, and a wrong one is told to the person who can mend it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from domain.errors import SettingsError
from zonewatch.settings import Settings


def test_the_environment_wins_over_the_env_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("ZONEWATCH_CRAWLS=3\nZONEWATCH_BASE_URL=https://zone.example\nOTHER=1\n")
    settings = Settings({"ZONEWATCH_CRAWLS": "4"}, file)
    assert settings.crawls == 4
    assert settings.text("BASE_URL") == "https://zone.example"
    assert settings.setting("BASE_URL").origin == str(file)
    assert settings.setting("CRAWLS").origin == "environment"


def test_a_delay_is_refused_without_a_gateway(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="CRAWL_DELAY is refused without ZONEWATCH_GATEWAY_URL"):
        Settings({"ZONEWATCH_CRAWL_DELAY": "0"}, tmp_path / ".env")
    gateway = {"ZONEWATCH_CRAWL_DELAY": "0", "ZONEWATCH_GATEWAY_URL": "http://127.0.0.1:9100"}
    assert Settings(gateway, tmp_path / ".env").crawl_delay == 0


@pytest.mark.parametrize(("name", "value"), [
    ("CRAWLS", "many"), ("CRAWLS", "0"), ("NOW", "yesterday"), ("BASE_URL", "zone.example"), ("SEARCH_URL", "redis://x")])
def test_a_value_that_cannot_be_read_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"ZONEWATCH_{name}"):
        Settings({f"ZONEWATCH_{name}": value}, tmp_path / ".env")


def test_a_misspelt_setting_is_found(tmp_path: Path) -> None:
    settings = Settings({"ZONEWATCH_MAILURL": "x", "ZONEWATCH_KEY_US_REGULATIONS_GOV": "k"}, tmp_path / ".env")
    assert settings.unknown() == ["ZONEWATCH_MAILURL"]
    assert "KEY_US_REGULATIONS_GOV" in {setting.name for setting in settings.everything()}


def test_no_secret_is_shown(tmp_path: Path) -> None:
    settings = Settings({"ZONEWATCH_MAIL_URL": "smtp://user:hunter2@mail.example:587", "ZONEWATCH_SECRET_KEY": "hunter2",
                         "ZONEWATCH_KEY_US_REGULATIONS_GOV": "hunter2",
                         "ZONEWATCH_GATEWAY_URL": "https://joe:hunter2@relay.example/",
                         "ZONEWATCH_CAPTURES_URL": "s3://key:hunter2@bucket/x?secret_key=hunter2"}, tmp_path / ".env")
    assert all("hunter2" not in setting.shown for setting in settings.everything())
    assert settings.setting("MAIL_URL").shown == "smtp://user:***@mail.example:587"


def test_the_generated_secret_stays_the_same_and_is_private(tmp_path: Path) -> None:
    environment = {"ZONEWATCH_DATA_DIR": str(tmp_path / "data")}
    first = Settings(environment, tmp_path / ".env").secret_key
    assert len(first) >= 48
    assert Settings(environment, tmp_path / ".env").secret_key == first
    assert (tmp_path / "data" / "secret_key").stat().st_mode & 0o077 == 0


def test_a_setting_set_to_nothing_hides_that_of_the_env_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("ZONEWATCH_MAIL_URL=smtp://mail.example\n")
    assert Settings({"ZONEWATCH_MAIL_URL": ""}, file).text("MAIL_URL") == ""
    assert Settings({}, file).text("MAIL_URL") == "smtp://mail.example"


def test_a_damaged_signing_key_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "secret_key").write_text("")
    with pytest.raises(SettingsError, match="is damaged"):
        _ = Settings({"ZONEWATCH_DATA_DIR": str(data)}, tmp_path / ".env").secret_key


def test_processes_that_start_at_once_agree_on_the_signing_key(tmp_path: Path) -> None:
    environment = {"ZONEWATCH_DATA_DIR": str(tmp_path / "data")}
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: Settings(environment, tmp_path / ".env").secret_key, range(32)))
    assert len(keys) == 1


@pytest.mark.parametrize("delay", ["nan", "inf", "-1"])
def test_a_delay_that_is_no_time_is_refused(tmp_path: Path, delay: str) -> None:
    with pytest.raises(SettingsError, match="CRAWL_DELAY"):
        Settings({"ZONEWATCH_CRAWL_DELAY": delay, "ZONEWATCH_GATEWAY_URL": "http://127.0.0.1:9"}, tmp_path / ".env")


def test_staff_totp_is_optional_or_required(tmp_path: Path) -> None:
    for value in ("optional", "required"):
        assert Settings({"ZONEWATCH_STAFF_TOTP": value}, tmp_path / "none").text("STAFF_TOTP") == value
    with pytest.raises(SettingsError, match="optional or required"):
        Settings({"ZONEWATCH_STAFF_TOTP": "on"}, tmp_path / "none")
