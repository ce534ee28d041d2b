"""The page of one notice, and the capture it was read from."""
