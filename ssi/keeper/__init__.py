"""The jobs of a keeper, and the service that runs them."""
