"""Sign-in by mail link, sign-out, and who is asking."""
