"""What subscriptions asked for before their owners changed them; a switch for mails about outages.

Revision ID: 0007
Revises: 0006
"""
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.models.base import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "subscription_edits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscriptions.id"],
                                name=op.f("fk_subscription_edits_subscription_id_subscriptions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription_edits")))
    op.create_index(op.f("ix_subscription_edits_subscription_id"), "subscription_edits", ["subscription_id"])
    op.create_index("ix_subscriptions_frequency_topic_state", "subscriptions", ["frequency", "topic", "state"])
    op.add_column("persons", sa.Column("told_of_outages", sa.Boolean(), server_default=sa.true(), nullable=False))


def downgrade() -> None:
    op.drop_column("persons", "told_of_outages")
    op.drop_index("ix_subscriptions_frequency_topic_state", "subscriptions")
    op.drop_table("subscription_edits")
