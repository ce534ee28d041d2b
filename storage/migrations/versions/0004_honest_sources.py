"""Names that join notices, states of sources, readers of captures, keys and checks of sources, readings of captures anew.

Revision ID: 0004
Revises: 0003
"""
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.models.base import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ADDED = (
    ("sources", sa.Column("api_key", sa.String(), nullable=True)),
    ("sources", sa.Column("checked_at", UtcDateTime(timezone=True), nullable=True)),
    ("source_runs", sa.Column("kind", sa.String(), nullable=False, server_default="crawl")),
    ("captures", sa.Column("reader", sa.String(), nullable=True)),
    ("captures", sa.Column("known", sa.JSON(), nullable=True)),
)

POINTING = ("notices", "notice_versions")
"""Tables that point to captures: a capture that is removed must be looked for in them."""


def upgrade() -> None:
    for table, column in ADDED:
        op.add_column(table, column)
    op.create_table(
        "notice_names",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_notice_names_notice_id_notices")),
        sa.PrimaryKeyConstraint("name", "notice_id", name=op.f("pk_notice_names")))
    op.create_index(op.f("ix_notice_names_notice_id"), "notice_names", ["notice_id"])
    op.create_table(
        "health",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason_code", sa.String(), nullable=False),
        sa.Column("reason_facts", sa.JSON(), nullable=False),
        sa.Column("since", UtcDateTime(timezone=True), nullable=False),
        sa.Column("noted_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("readers_told_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["slug"], ["sources.slug"], name=op.f("fk_health_slug_sources")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_health")))
    op.create_index("ix_health_slug_id", "health", ["slug", "id"])
    op.create_index("ix_source_runs_not_ok", "source_runs", ["slug", "id"], sqlite_where=sa.text("status <> 'ok'"),
                    postgresql_where=sa.text("status <> 'ok'"))
    for table in POINTING:
        op.create_index(op.f(f"ix_{table}_capture_id"), table, ["capture_id"])


def downgrade() -> None:
    for table in POINTING:
        op.drop_index(op.f(f"ix_{table}_capture_id"), table)
    op.drop_index("ix_source_runs_not_ok", "source_runs")
    op.drop_table("health")
    op.drop_table("notice_names")
    for table, column in reversed(ADDED):
        op.drop_column(table, column.name)
