"""Bases for ways of publishing that at least three sources share."""
