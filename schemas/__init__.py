"""Shapes that cross a boundary."""
