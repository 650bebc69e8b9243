"""The protocol once more, in integers, from docs/index-math.md alone. Nothing here knows the Solidity."""
