"""The checks that are written in Python, by what of the SDK they use."""
