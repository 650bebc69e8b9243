"""Line and branch coverage of the contracts by the Python suite: `python -m tools.coverage`, see `docs/coverage.md`."""
