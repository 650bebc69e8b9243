"""What `make demo` shows, chapter by chapter."""
