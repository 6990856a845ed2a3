"""Sign up, sign in, and keep an account safe."""
