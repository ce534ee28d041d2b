"""The review queue, and the form by which editors decide what a notice is about."""
