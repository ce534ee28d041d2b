"""Mails know the seat of the worker that has them in hand, so that several may deliver.

Revision ID: 0002
Revises: 0001
"""
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("emails") as batch_op:
        batch_op.add_column(sa.Column("claimed_by", sa.String(), nullable=True))
    op.execute("UPDATE emails SET claimed_by = 'worker' WHERE state = 'sending'")


def downgrade() -> None:
    op.drop_column("emails", "claimed_by")  # in place: a copy of the table would break what refers to it
