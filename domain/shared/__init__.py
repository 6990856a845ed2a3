"""What every context needs: events, ids, errors, and who is asking."""
