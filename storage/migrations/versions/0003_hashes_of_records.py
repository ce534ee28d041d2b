"""Notices know the hash of the publisher's record they were read from, so that a record that is what it was is not read again.

Revision ID: 0003
Revises: 0002
"""
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("notices") as batch_op:
        batch_op.add_column(sa.Column("record_hash", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("notices", "record_hash")  # in place: a copy of the table would break what refers to it
