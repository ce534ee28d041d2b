"""Subscribing, confirming, leaving, and one's own subscriptions."""
