"""Audit trail: who did what to what; only ever added to."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from domain import clock
from storage.models import AuditRow


def add(session: Session, actor: str, action: str, subject: str, details: dict[str, Any] | None = None) -> None:
    """Note an action in the caller's transaction."""
    session.add(AuditRow(at=clock.now(), actor=actor, action=action, subject=subject, details=details or {}))
