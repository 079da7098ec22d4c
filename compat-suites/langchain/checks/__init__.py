"""The checks, by what of LangChain they use."""
