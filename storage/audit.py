"""Audit trail: who did what to what; only ever added to, save what the erased had asked for (storage.edits)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain import clock
from storage.models import AuditRow


def add(session: Session, actor: str, action: str, subject: str, details: dict[str, Any] | None = None) -> None:
    """Note an action in the caller's transaction."""
    session.add(AuditRow(at=clock.now(), actor=actor, action=action, subject=subject, details=details or {}))


def newest(session: Session, action: str, subject: str) -> datetime | None:
    """When an action was last done to a subject."""
    return session.scalar(select(func.max(AuditRow.at)).where(AuditRow.subject == subject, AuditRow.action == action))
