"""Run projections: fold the log into read models, live, rebuilt beside, and verified."""
