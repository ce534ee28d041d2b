"""Codes on paper for new members."""
