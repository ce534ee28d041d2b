"""Decisions of editors, and which notices wait for one.

Revision ID: 0005
Revises: 0004
"""
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.models.base import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

UNSURE = ("low", "review")
"""Confidences that an editor should look at, as they were when this was written."""


def upgrade() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.Column("product_types", sa.JSON(), nullable=False),
        sa.Column("regulations", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("material_version", sa.Integer(), nullable=False),
        sa.Column("levels", sa.JSON(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("decided_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_decisions_notice_id_notices")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_decisions_person_id_persons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")))
    op.create_index("ix_decisions_notice_id_id", "decisions", ["notice_id", "id"])
    op.add_column("notices", sa.Column("found", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("notices", sa.Column("review", sa.String(), nullable=True))
    _queue()
    op.create_index("ix_notices_review", "notices", ["review"], sqlite_where=sa.text("review IS NOT NULL"),
                    postgresql_where=sa.text("review IS NOT NULL"))


def _queue() -> None:
    """Notices with an unsure finding wait for an editor. The text narrows the scan, the values decide."""
    notices = sa.table("notices", sa.column("id", sa.Integer()), sa.column("classification", sa.JSON()),
                       sa.column("review", sa.String()))
    written = sa.cast(notices.c.classification, sa.Text())
    rows = op.get_bind().execute(sa.select(notices.c.id, notices.c.classification).where(
        sa.or_(*(written.like(f'%"{level}"%') for level in UNSURE)))).all()
    ids = [row.id for row in rows if any(
        level in UNSURE for part in ("product_types", "horizontal") for level in row.classification[part].values())]
    for start in range(0, len(ids), 500):
        op.execute(notices.update().where(notices.c.id.in_(ids[start:start + 500])).values(review="candidate"))


def downgrade() -> None:
    op.drop_index("ix_notices_review", "notices")
    op.drop_column("notices", "review")
    op.drop_column("notices", "found")
    op.drop_table("decisions")
