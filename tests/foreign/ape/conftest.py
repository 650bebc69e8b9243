"""An Ape project that is not this one: it has `ssi` installed, and nothing else of it."""

pytest_plugins = ["ssi.testing"]
