"""Composition root and command line; nothing imports it."""
