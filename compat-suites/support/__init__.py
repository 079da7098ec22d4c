"""What every compat suite needs: the binary, its models, a running gateway, an installed client.

Python's standard library only, so that it runs before anything is installed.
"""
