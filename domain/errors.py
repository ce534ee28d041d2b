"""Errors that a person can mend; each message says what is wrong and what to do."""

from __future__ import annotations


class ZonewatchError(Exception):
    """Base of every error that is told to a person instead of shown as a traceback."""


class InvalidValue(ZonewatchError):
    """A value does not fit its vocabulary or form."""


class NotFound(ZonewatchError):
    """What was asked for does not exist."""


class Conflict(ZonewatchError):
    """The state of a thing does not allow what was asked."""


class LockLost(ZonewatchError):
    """A lock ended before its holder was done: somebody else may be at the same work now."""


class StoreError(ZonewatchError):
    """The database cannot be used: not there, not ours, damaged, or without space."""


class SettingsError(ZonewatchError):
    """A setting is missing, unknown or contradicts another one."""
