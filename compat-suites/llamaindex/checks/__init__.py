"""The checks, by what of LlamaIndex they use."""
