"""Indexes: bounds of their figures."""
