"""What the portal is handed at its start: the services it calls. It builds none itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app

from indexer.service import SearchService
from storage.captures import CaptureStore
from storage.session import Database
from subscriptions.accounts import Accounts
from subscriptions.deadlines import DeadlineService
from subscriptions.personal import PersonalService
from subscriptions.service import SubscriptionService
from zone.bulletins.service import BulletinService


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a view may call. ``secret_key`` signs the session cookie; ``base_url`` says whether it is sent over
    https only. ``bounce_key`` signs callbacks; ``contact`` and ``mail_host`` are named where we say what becomes of data;
    with ``staff_totp`` nobody is staff without a second factor."""

    db: Database
    captures: CaptureStore
    search: SearchService
    subscriptions: SubscriptionService
    bulletins: BulletinService
    secret_key: str
    base_url: str
    accounts: Accounts
    deadlines: DeadlineService
    personal: PersonalService
    bounce_key: str = ""
    contact: str = ""
    mail_host: str = ""
    staff_totp: bool = False


def services() -> Services:
    """The services of the running application."""
    return cast(Services, current_app.extensions["zonewatch"])
