"""One module an engine, each behind indexer.port."""
