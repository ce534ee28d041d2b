"""The demo: sample sites, a mailbox, and the whole road between them, all on this machine."""
