"""Settings: the only reader of the environment. ``ZONEWATCH_*`` variables win over a .env file, that over defaults."""

from __future__ import annotations

import contextlib
import math
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

from domain.errors import SettingsError

PREFIX = "ZONEWATCH_"
KEY_PREFIX = "KEY_"
EMBEDDED = "tantivy:"
TEST_PREFIXES = ("TEST_", "SCREENSHOTS")
"""Read by the test suite, not by the product."""

DEFAULTS: dict[str, str] = {
    "DATA_DIR": "var",
    "DATABASE_URL": "sqlite:///{data}/zonewatch.db",
    "SEARCH_URL": "tantivy:{data}/index",
    "SEARCH_KEY": "",
    "SEARCH_READ_KEY": "",
    "CAPTURES_URL": "{data}/captures",
    "MAIL_URL": "",
    "MAIL_FROM": "zonewatch <zonewatch@localhost>",
    "BOUNCE_ADDRESS": "",
    "BOUNCE_URL": "",
    "BOUNCE_HOOK_KEY": "",
    "MAIL_RATE": "",
    "DKIM_KEY": "",
    "DKIM_SELECTOR": "",
    "OPERATOR_EMAIL": "",
    "GATEWAY_URL": "",
    "SECRET_KEY": "",
    "BASE_URL": "http://127.0.0.1:8000",
    "TRUSTED_PROXY": "127.0.0.1",
    "STAFF_TOTP": "optional",
    "CRAWLS": "2",
    "CRAWL_DELAY": "",
    "NOW": "",
}
PURPOSES: dict[str, str] = {
    "DATA_DIR": "folder of the index, the captures, the locks and, unless DATABASE_URL says otherwise, the database",
    "DATABASE_URL": "address of the database: sqlite:///FILE or postgresql://user:password@host/name",
    "SEARCH_URL": "search engine: tantivy:FOLDER, or the address of a Meilisearch server, http(s)://host:7700",
    "SEARCH_KEY": "key of the search server with which the worker writes; zonewatch search-keys makes it",
    "SEARCH_READ_KEY": "key of the search server that only searches, for the portal; SEARCH_KEY when unset",
    "CAPTURES_URL": "where raw answers are kept: a folder or any fsspec address",
    "MAIL_URL": "smtp://user:password@host:port?starttls=1 or smtps://…; without it mails wait",
    "MAIL_FROM": "sender of all mail",
    "BOUNCE_ADDRESS": "where mail that cannot be delivered comes back to (envelope sender); MAIL_FROM when unset",
    "BOUNCE_URL": "mailbox that the worker reads it from: imaps://user:password@host/INBOX or maildir:PATH",
    "BOUNCE_HOOK_KEY": "key with which the mail service signs its callbacks to /hooks/bounces; without it there are none",
    "MAIL_RATE": "most mails that a worker hands over within a minute; no limit when unset",
    "DKIM_KEY": "file with the private key (RSA, PEM) that signs all mail; none is signed when unset",
    "DKIM_SELECTOR": "name of the DNS record of that key: SELECTOR._domainkey under the domain of MAIL_FROM",
    "OPERATOR_EMAIL": "who is told of held runs and broken sources, and may operate the portal",
    "GATEWAY_URL": "fetch https://HOST/PATH as GATEWAY/HOST/PATH (a relay, or a mirror in tests)",
    "SECRET_KEY": "signs links and sessions; generated and kept in DATA_DIR when unset",
    "BASE_URL": "address under which people reach the portal",
    "TRUSTED_PROXY": "address of the TLS proxy, whose X-Forwarded-For says who asks; empty when there is none",
    "STAFF_TOTP": "optional: staff who have set up a second factor sign in with it; required: without one nobody is staff",
    "CRAWLS": "crawls side by side",
    "CRAWL_DELAY": "seconds between requests, replaces each card's own; only with GATEWAY_URL",
    "NOW": "fixes the clock (ISO time with zone) for replays",
}
_PASSWORD = re.compile(r"(://[^:/@\s]*):[^/\s]*@")
_QUERY_SECRET = re.compile(r"([?&][^=&]*(?:key|token|secret|pass)[^=&]*=)[^&\s]+", re.I)
SECRETS = ("SECRET_KEY", "SEARCH_KEY", "SEARCH_READ_KEY", "BOUNCE_HOOK_KEY")
LEAST_KEY = 32
"""Signs of a signing key that nobody guesses."""


def masked(text: str) -> str:
    """A text without the passwords of the addresses in it."""
    return _QUERY_SECRET.sub(r"\1***", _PASSWORD.sub(r"\1:***@", text))


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its value, where it came from, and how it may be shown."""

    name: str
    value: str
    origin: str

    @property
    def shown(self) -> str:
        """The value without any secret."""
        if self.name.startswith(KEY_PREFIX) or self.name in SECRETS:
            return "(set, not shown)" if self.value else ""
        return masked(self.value)


class Settings:
    """All settings of an installation. Raises SettingsError for a value that cannot be used."""

    def __init__(self, environment: Mapping[str, str] | None = None, env_file: Path | None = None) -> None:
        environment = os.environ if environment is None else environment
        file = env_file or Path(".env")
        self._sources = (
            ("environment", {name: value for name, value in environment.items() if name.startswith(PREFIX)}),
            (str(file), _from_file(file)))
        self._check()

    def setting(self, name: str) -> Setting:
        """One setting with its origin."""
        for origin, values in self._sources:
            if value := values.get(PREFIX + name):
                return Setting(name, value, origin)
            if value == "":
                break  # set to nothing: the default, whatever a weaker source says
        default = DEFAULTS.get(name, "")
        if name != "DATA_DIR":
            default = default.replace("{data}", str(self.data_dir))
        return Setting(name, default, "default")

    def everything(self) -> list[Setting]:
        """All settings, the keys of sources that are set included."""
        return [self.setting(name) for name in (*DEFAULTS, *sorted(self._key_names()))]

    def unknown(self) -> list[str]:
        """Variables with our prefix that mean nothing: most likely misspelt."""
        names = {name.removeprefix(PREFIX) for _, values in self._sources for name in values}
        return sorted(PREFIX + name for name in names - DEFAULTS.keys() - self._key_names()
                      if not name.startswith(TEST_PREFIXES))

    @property
    def data_dir(self) -> Path:
        """Folder of everything that is kept locally."""
        return Path(self.setting("DATA_DIR").value).absolute()

    @property
    def locks(self) -> Path:
        """Folder of the locks between processes of this machine."""
        return self.data_dir / "locks"

    @property
    def crawls(self) -> int:
        """How many crawls run side by side."""
        return int(self.setting("CRAWLS").value)

    @property
    def crawl_delay(self) -> float | None:
        """Seconds between two requests; None keeps each card's own."""
        value = self.setting("CRAWL_DELAY").value
        return float(value) if value else None

    @property
    def mail_rate(self) -> int | None:
        """Most mails of a worker within a minute; None for no limit."""
        value = self.setting("MAIL_RATE").value
        return int(value) if value else None

    @property
    def now(self) -> datetime | None:
        """The fixed time, if any."""
        value = self.setting("NOW").value
        if not value:
            return None
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    @property
    def index_dir(self) -> Path | None:
        """Folder of the embedded index; None when SEARCH_URL names a server."""
        url = self.setting("SEARCH_URL").value
        return Path(url.removeprefix(EMBEDDED)) if url.startswith(EMBEDDED) else None

    @property
    def secret_key(self) -> str:
        """The signing key; generated once per installation when it is not set. Raises SettingsError when the generated one
        was damaged."""
        return self.setting("SECRET_KEY").value or self._kept_secret()

    def text(self, name: str) -> str:
        """A setting as text; empty when unset."""
        return self.setting(name).value

    def _kept_secret(self) -> str:
        """The installation's own key; written aside and linked into place, so that no process ever reads half of it."""
        path = self.data_dir / "secret_key"
        if not path.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f"secret_key.{secrets.token_hex(4)}")
            with os.fdopen(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
            with contextlib.suppress(FileExistsError):  # another process was first: its key is the one
                os.link(part, path)
            part.unlink()
        key = path.read_text().strip()
        if len(key) < LEAST_KEY:
            raise SettingsError(f"the signing key in {path} is damaged: remove the file, or set {PREFIX}SECRET_KEY")
        return key

    def _key_names(self) -> set[str]:
        return {name.removeprefix(PREFIX) for _, values in self._sources for name in values
                if name.startswith(PREFIX + KEY_PREFIX)}

    def _check(self) -> None:
        if self.text("STAFF_TOTP") not in ("optional", "required"):
            raise SettingsError(f"{PREFIX}STAFF_TOTP must be optional or required")
        self._check_numbers()
        self._check_addresses()

    def _check_numbers(self) -> None:
        for name, read in (("CRAWLS", int), ("MAIL_RATE", int), ("CRAWL_DELAY", float), ("NOW", datetime.fromisoformat)):
            value = self.setting(name).value
            try:
                if value:
                    read(value)
            except ValueError:
                raise SettingsError(f"{PREFIX}{name}={value!r} cannot be read; it {_WANTED[name]}") from None
        for name in ("CRAWLS", "MAIL_RATE"):
            if (value := self.text(name)) and int(value) < 1:
                raise SettingsError(f"{PREFIX}{name} must be at least 1")
        if bool(self.text("DKIM_KEY")) != bool(self.text("DKIM_SELECTOR")):
            raise SettingsError(f"{PREFIX}DKIM_KEY and {PREFIX}DKIM_SELECTOR are set together or not at all")
        self._check_delay()
        self._check_addresses()

    def _check_delay(self) -> None:
        if self.crawl_delay is not None and not (math.isfinite(self.crawl_delay) and self.crawl_delay >= 0):
            raise SettingsError(f"{PREFIX}CRAWL_DELAY must be 0 or more seconds")
        if self.crawl_delay is not None and not self.text("GATEWAY_URL"):
            raise SettingsError(f"{PREFIX}CRAWL_DELAY is refused without {PREFIX}GATEWAY_URL: "
                                "real sources are asked at the pace their cards promise")

    def _check_addresses(self) -> None:
        if 0 < len(self.text("BOUNCE_HOOK_KEY")) < LEAST_KEY:
            raise SettingsError(f"{PREFIX}BOUNCE_HOOK_KEY must have at least {LEAST_KEY} signs")
        search = self.text("SEARCH_URL")
        if not search.startswith(EMBEDDED) and not _is_web_address(search):
            raise SettingsError(f"{PREFIX}SEARCH_URL={masked(search)!r} must be tantivy:FOLDER or an http or https address")
        for name in ("BASE_URL", "GATEWAY_URL"):
            value = self.text(name)
            if value and not _is_web_address(value):
                raise SettingsError(f"{PREFIX}{name}={masked(value)!r} must be an http or https address")


def _from_file(file: Path) -> dict[str, str]:
    try:
        return {name: value or "" for name, value in dotenv_values(file).items() if name.startswith(PREFIX)}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} cannot be read: {error}") from None


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


_WANTED = {"CRAWLS": "wants a whole number", "MAIL_RATE": "wants a whole number", "CRAWL_DELAY": "wants seconds",
           "NOW": "wants an ISO time with its zone"}
