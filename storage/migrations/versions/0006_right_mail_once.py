"""Digests, deadlines, bounces, sign-in by codes, consents, grades of zones.

Revision ID: 0006
Revises: 0005
"""
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.models.base import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")))
    op.create_index("ix_attempts_what_key_at", "attempts", ["what", "key", "at"])
    op.create_table(
        "digest_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("range", sa.String(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("cut_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("done_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest_runs")),
        sa.UniqueConstraint("range", "date", "time_zone", name="uq_digest_runs_once"))
    op.create_table(
        "consents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_consents_person_id_persons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")))
    op.create_index(op.f("ix_consents_person_id"), "consents", ["person_id"])
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("issued_by", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["issued_by"], ["persons.id"], name=op.f("fk_sign_ins_issued_by_persons")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_sign_ins_person_id_persons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")))
    op.create_index(op.f("ix_sign_ins_person_id"), "sign_ins", ["person_id"])
    op.create_table(
        "bounces",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_key", sa.String(), nullable=False),
        sa.Column("email_id", sa.Integer(), nullable=True),
        sa.Column("address_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("told_by", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("received_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["address_id"], ["addresses.id"], name=op.f("fk_bounces_address_id_addresses")),
        sa.ForeignKeyConstraint(["email_id"], ["emails.id"], name=op.f("fk_bounces_email_id_emails")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bounces")),
        sa.UniqueConstraint("event_key", name=op.f("uq_bounces_event_key")))
    op.create_index(op.f("ix_bounces_address_id"), "bounces", ["address_id"])
    op.create_index(op.f("ix_bounces_email_id"), "bounces", ["email_id"])
    op.create_table(
        "follows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=True),
        sa.Column("comment_on", sa.Date(), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("since", UtcDateTime(timezone=True), nullable=False),
        sa.Column("looked_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_follows_notice_id_notices")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_follows_person_id_persons")),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscriptions.id"],
                                name=op.f("fk_follows_subscription_id_subscriptions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follows")),
        sa.UniqueConstraint("person_id", "notice_id", name=op.f("uq_follows_person_id")))
    op.create_index(op.f("ix_follows_notice_id"), "follows", ["notice_id"])
    op.create_table(
        "grade_overrides",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("zone_id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("grade", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("decided_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_grade_overrides_notice_id_notices")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_grade_overrides_person_id_persons")),
        sa.ForeignKeyConstraint(["zone_id"], ["zones.id"], name=op.f("fk_grade_overrides_zone_id_zones")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grade_overrides")))
    op.create_index("ix_grade_overrides_notice_id_zone_id", "grade_overrides", ["notice_id", "zone_id"])
    op.create_table(
        "reminders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("email_id", sa.Integer(), nullable=True),
        sa.Column("dropped_why", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["email_id"], ["emails.id"], name=op.f("fk_reminders_email_id_emails")),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_reminders_notice_id_notices")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_reminders_person_id_persons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminders")),
        sa.UniqueConstraint("person_id", "notice_id", "what", "on", "days", name="uq_reminders_once"))
    op.create_index(op.f("ix_reminders_email_id"), "reminders", ["email_id"])
    op.create_index(op.f("ix_reminders_notice_id"), "reminders", ["notice_id"])
    op.add_column("addresses", sa.Column("delivery", sa.String(), server_default="good", nullable=False))
    op.add_column("addresses", sa.Column("soft_bounces", sa.Integer(), server_default="0", nullable=False))
    op.add_column("addresses", sa.Column("held_until", UtcDateTime(timezone=True), nullable=True))
    op.add_column("addresses", sa.Column("ended_why", sa.String(), nullable=True))
    _refer("emails", "digest_run_id", "digest_runs")
    op.add_column("emails", sa.Column("attachments", sa.JSON(), nullable=True))
    op.add_column("emails", sa.Column("error_class", sa.String(), nullable=True))
    op.add_column("emails", sa.Column("bounced_at", UtcDateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_emails_digest_run_id"), "emails", ["digest_run_id"])
    op.create_index("ix_emails_state_purpose_not_before", "emails", ["state", "purpose", "not_before"])
    waiting = sa.text("email_id IS NULL AND dropped_why IS NULL")
    op.create_index("ix_matches_waiting", "matches", ["subscription_id"], sqlite_where=waiting, postgresql_where=waiting)
    op.add_column("notices", sa.Column("grade", sa.String(), nullable=True))
    op.add_column("persons", sa.Column("time_zone", sa.String(), nullable=True))
    op.add_column("persons", sa.Column("quiet_from", sa.Integer(), nullable=True))
    op.add_column("persons", sa.Column("quiet_until", sa.Integer(), nullable=True))
    op.add_column("persons", sa.Column("totp_secret", sa.String(), nullable=True))
    op.add_column("persons", sa.Column("totp_since", UtcDateTime(timezone=True), nullable=True))
    op.add_column("persons", sa.Column("totp_last_step", sa.Integer(), nullable=True))
    op.add_column("persons", sa.Column("calendar_no", sa.Integer(), server_default="0", nullable=False))
    op.add_column("persons", sa.Column("erased_at", UtcDateTime(timezone=True), nullable=True))
    op.add_column("subscriptions", sa.Column("frequency", sa.String(), server_default="immediate", nullable=False))
    op.add_column("subscriptions", sa.Column("red_at_once", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("subscriptions", sa.Column("paused_until", UtcDateTime(timezone=True), nullable=True))
    op.add_column("subscriptions", sa.Column("reminds", sa.Boolean(), server_default=sa.false(), nullable=False))
    _refer("subscriptions", "shared_id", "subscriptions")


def _refer(table: str, column: str, other: str) -> None:
    """A column that refers to another table, in words that both databases take without copying the table."""
    refers = f"CONSTRAINT fk_{table}_{column}_{other} REFERENCES {other} (id)"
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER {refers}")


def downgrade() -> None:
    op.drop_column("subscriptions", "shared_id")
    op.drop_column("subscriptions", "reminds")
    op.drop_column("subscriptions", "paused_until")
    op.drop_column("subscriptions", "red_at_once")
    op.drop_column("subscriptions", "frequency")
    op.drop_column("persons", "erased_at")
    op.drop_column("persons", "calendar_no")
    op.drop_column("persons", "totp_last_step")
    op.drop_column("persons", "totp_since")
    op.drop_column("persons", "totp_secret")
    op.drop_column("persons", "quiet_until")
    op.drop_column("persons", "quiet_from")
    op.drop_column("persons", "time_zone")
    op.drop_column("notices", "grade")
    op.drop_index("ix_matches_waiting", table_name="matches")
    op.drop_index("ix_emails_state_purpose_not_before", table_name="emails")
    op.drop_index(op.f("ix_emails_digest_run_id"), table_name="emails")
    op.drop_column("emails", "bounced_at")
    op.drop_column("emails", "error_class")
    op.drop_column("emails", "attachments")
    op.drop_column("emails", "digest_run_id")
    op.drop_column("addresses", "ended_why")
    op.drop_column("addresses", "held_until")
    op.drop_column("addresses", "soft_bounces")
    op.drop_column("addresses", "delivery")
    op.drop_index(op.f("ix_reminders_notice_id"), table_name="reminders")
    op.drop_index(op.f("ix_reminders_email_id"), table_name="reminders")
    op.drop_table("reminders")
    op.drop_index("ix_grade_overrides_notice_id_zone_id", table_name="grade_overrides")
    op.drop_table("grade_overrides")
    op.drop_index(op.f("ix_follows_notice_id"), table_name="follows")
    op.drop_table("follows")
    op.drop_index(op.f("ix_bounces_email_id"), table_name="bounces")
    op.drop_index(op.f("ix_bounces_address_id"), table_name="bounces")
    op.drop_table("bounces")
    op.drop_index(op.f("ix_sign_ins_person_id"), table_name="sign_ins")
    op.drop_table("sign_ins")
    op.drop_index(op.f("ix_consents_person_id"), table_name="consents")
    op.drop_table("consents")
    op.drop_table("digest_runs")
    op.drop_index("ix_attempts_what_key_at", table_name="attempts")
    op.drop_table("attempts")
