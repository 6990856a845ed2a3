"""Erasing people: what is decided, and what is proven afterwards."""
