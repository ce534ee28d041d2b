"""Bulletins: read by everybody, written by editors of the zone's associations."""
