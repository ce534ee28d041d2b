"""The schema, by subject. Importing this package registers every table."""

from storage.models.base import Base
from storage.models.bulletins import BulletinItemRow, BulletinRow
from storage.models.crawl import Capture, HealthRow, ReadUnit, SourceRow, SourceRunRow
from storage.models.decisions import DecisionRow, GradeOverrideRow
from storage.models.flow import (
    AuditRow,
    BounceRow,
    ChangeRow,
    DigestRunRow,
    EmailRow,
    FollowRow,
    IndexState,
    MatchRow,
    ReminderRow,
    TaskRow,
)
from storage.models.notices import NoticeNameRow, NoticeRow, NoticeVersionRow
from storage.models.people import (
    AddressRow,
    AttemptRow,
    ConsentRow,
    MembershipRow,
    OrganisationRow,
    PersonRow,
    SignInRow,
    SubscriptionEditRow,
    SubscriptionRow,
    ZoneRow,
)

__all__ = [
    "AddressRow", "AttemptRow", "AuditRow", "Base", "BounceRow", "BulletinItemRow", "BulletinRow", "Capture", "ChangeRow",
    "ConsentRow", "DecisionRow", "DigestRunRow", "EmailRow", "FollowRow", "GradeOverrideRow", "HealthRow", "IndexState",
    "MatchRow", "MembershipRow", "NoticeNameRow", "NoticeRow", "NoticeVersionRow", "OrganisationRow", "PersonRow",
    "ReadUnit", "ReminderRow", "SignInRow", "SourceRow", "SourceRunRow", "SubscriptionEditRow", "SubscriptionRow", "TaskRow",
    "ZoneRow",
]
