"""Product types: what has come for each of them, by market and kind."""
