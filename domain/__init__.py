"""Floor 0: the words of the service. No I/O, no framework."""
