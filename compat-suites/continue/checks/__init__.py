"""The checks of this suite."""
