"""A node, accounts, transactions, and contracts in general."""
