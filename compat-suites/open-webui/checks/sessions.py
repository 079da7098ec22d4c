"""Which session of the gateway's a chat is."""

import os

from support.checks import check

from .harness import admin, answer, ask, new_chat, session_of, sessions


@check
def one_chat_is_one_session():
    chat = new_chat()
    first, second = "the first of two turns", "the second of two turns"
    answer(ask(first, chat_id=chat))
    history = [{"role": "user", "content": first}, {"role": "assistant", "content": "A scripted reply."}]
    answer(ask("", chat_id=chat, messages=[*history, {"role": "user", "content": second}]))
    reply = ("assistant", "A scripted reply.")
    assert session_of(first) == [("user", first), reply, ("user", second), reply], session_of(first)


@check
def two_chats_are_two():
    for question in ("one chat", "another chat"):
        answer(ask(question, chat_id=new_chat()))
    assert session_of("one chat") == [("user", "one chat"), ("assistant", "A scripted reply.")]
    assert session_of("another chat") == [("user", "another chat"), ("assistant", "A scripted reply.")]


@check
def a_request_of_no_chat_leaves_none():
    before = sessions()
    answer(ask("in no chat at all"))
    assert sessions() == before


@check
def without_the_header_there_is_none():
    """ENABLE_FORWARD_USER_INFO_HEADERS is what names the chat; nothing else does so by mistake."""
    anonymous = admin(os.environ["ANONYMOUS_WEBUI"])
    before = sessions()
    answer(ask("in a chat that is not named", client=anonymous, chat_id=new_chat(anonymous)))
    assert sessions() == before
