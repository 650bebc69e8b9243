"""What was: an indexer's answers to what a node answers by reading all logs. `docs/indexer.md` says what it knows."""
