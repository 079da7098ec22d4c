"""The checks, by what of the SDK they use."""
