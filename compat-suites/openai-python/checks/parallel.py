"""Many requests at once."""

import asyncio
import json

from support.checks import check

from .harness import MAIN, MIRROR, SCRIPTED, async_client, says

AT_ONCE = 8


async def all_of(request) -> list:
    """Answers to `request(client, number)` for eight numbers, asked for at once."""
    async with async_client() as client:
        return await asyncio.gather(*(request(client, number) for number in range(AT_ONCE)))


@check
async def the_local_model_answers_all():
    async def ask(client, number):
        return await client.chat.completions.create(
            model=MAIN, messages=says(f"What is {number} plus one?"), max_tokens=4
        )

    answers = await all_of(ask)
    assert all(answer.choices[0].message.content for answer in answers), answers
    assert len({answer.id for answer in answers}) == AT_ONCE, answers


@check
async def everyone_gets_their_own_answer():
    async def ask(client, number):
        return await client.chat.completions.create(model=MIRROR, messages=says(f"I am {number}"))

    answers = [json.loads(answer.choices[0].message.content) for answer in await all_of(ask)]
    asked = [answer["body"]["messages"][-1]["content"] for answer in answers]
    assert asked == [f"I am {number}" for number in range(AT_ONCE)], asked


@check
async def streams_are_not_mixed():
    async def ask(client, number):
        stream = await client.chat.completions.create(
            model=MIRROR, messages=says(f"I am {number}"), stream=True
        )
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    answers = [json.loads(answer) for answer in await all_of(ask)]
    asked = [answer["body"]["messages"][-1]["content"] for answer in answers]
    assert asked == [f"I am {number}" for number in range(AT_ONCE)], asked


@check
async def chats_and_embeddings_together():
    async def ask(client, number):
        if number % 2:
            return await client.embeddings.create(model=MAIN, input=f"text {number}")
        return await client.chat.completions.create(model=SCRIPTED, messages=says("Hello"))

    for number, answer in enumerate(await all_of(ask)):
        assert answer.data if number % 2 else answer.choices, answer
