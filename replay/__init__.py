"""Years of daily prices, run through the deployed contracts on a fork: `make replay`."""
