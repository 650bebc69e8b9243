"""A deployment, step by step, which can be taken up where it stopped."""
