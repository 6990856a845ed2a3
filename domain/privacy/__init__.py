"""Erasing people, and exports for auditors: what is decided, and what is proven afterwards."""
