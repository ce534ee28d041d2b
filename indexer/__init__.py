"""Floor 2: the search index: documents, criteria as queries, understanding of typed text. Knows the engines."""
