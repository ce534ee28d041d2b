"""The schema, by subject. Importing this package registers every table."""

from storage.models.base import Base
from storage.models.bulletins import BulletinItemRow, BulletinRow
from storage.models.crawl import Capture, HealthRow, ReadUnit, SourceRow, SourceRunRow
from storage.models.decisions import DecisionRow
from storage.models.flow import AuditRow, ChangeRow, EmailRow, IndexState, MatchRow, TaskRow
from storage.models.notices import NoticeNameRow, NoticeRow, NoticeVersionRow
from storage.models.people import AddressRow, MembershipRow, OrganisationRow, PersonRow, SubscriptionRow, ZoneRow

__all__ = [
    "AddressRow", "AuditRow", "Base", "BulletinItemRow", "BulletinRow", "Capture", "ChangeRow", "DecisionRow", "EmailRow",
    "HealthRow", "IndexState", "MatchRow", "MembershipRow", "NoticeNameRow", "NoticeRow", "NoticeVersionRow",
    "OrganisationRow", "PersonRow", "ReadUnit", "SourceRow", "SourceRunRow", "SubscriptionRow", "TaskRow", "ZoneRow",
]
