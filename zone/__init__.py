"""Floor 2: what organisations of a zone do beyond alerts; a folder a module."""
