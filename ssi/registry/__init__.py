"""What is deployed, where, and from which parameters."""
