"""Tasks that people asked for, as the operator sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.models import TaskRow


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task and what became of it; ``result`` is a sentence of the process that did it."""

    id: int
    kind: str
    payload: dict[str, Any]
    state: str
    asked_by: str
    created_at: datetime
    done_at: datetime | None
    result: str | None


def recent_tasks(session: Session, limit: int) -> list[TaskView]:
    """The tasks asked for last, newest first."""
    return [TaskView(row.id, row.kind, row.payload, row.state, row.asked_by, row.created_at, row.done_at, row.result)
            for row in session.scalars(select(TaskRow).order_by(TaskRow.id.desc()).limit(limit))]
