"""What is true and allowed: pure rules over facts, without I/O, clock or randomness."""
