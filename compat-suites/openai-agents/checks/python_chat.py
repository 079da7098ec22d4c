"""Agents on `OpenAIChatCompletionsModel`."""

from agents import OpenAIChatCompletionsModel

from .behaviour import checks, client


def chat(model: str) -> OpenAIChatCompletionsModel:
    return OpenAIChatCompletionsModel(model, client())


globals().update(checks(chat, __name__))
