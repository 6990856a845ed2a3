"""Reads what comes back: delivery status notifications, complaints, and everything else."""
