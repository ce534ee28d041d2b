"""The text on personal data that people agree to (PIPL, 个人信息保护法)."""

from __future__ import annotations

from datetime import date

VERSION = "2026-11"
"""The version in force: a new one, and every reader is asked anew. Change it with the text (webapp/privacy)."""
SINCE = date(2026, 11, 26)
BODY_DAYS = 30
"""Bodies of mails are kept so many days after they went out or failed."""
ADDRESS_DAYS = 28
"""Addresses are kept so many days after the last subscription has ended."""
