"""What an index did in some weeks, as a page that can be published, and as figures."""
