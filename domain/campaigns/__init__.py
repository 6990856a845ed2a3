"""Drafting, schedule, launch and completion of campaigns."""
