"""What happens to a page after its spider: validate, normalise, classify, store."""
