"""A miniature mainnet: a local chain with id 1 that holds real contracts at their real addresses.

See docs/mini-mainnet.md.
"""
