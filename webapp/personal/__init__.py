"""One's own data: what becomes of it, taking it away, having it erased, an address that mail does not reach."""
