"""What other machines call."""
