"""Proposals, Safes, and what is scheduled: who decides, and what a decision does."""
