"""Fields and forms that other programs send: accepted, whether used or not."""

from openai.types.chat import ChatCompletion

from support.checks import check

from .harness import MAIN, SCRIPTED, client, says, scripted

REPLY = "A scripted reply."


def replies(text="Hello", **options):
    content = scripted(text, **options).choices[0].message.content
    assert content == REPLY, content


@check
def every_optional_field():
    replies(
        store=False,
        metadata={"chat_id": "1"},
        seed=1,
        n=1,
        logit_bias={"50256": -100},
        logprobs=False,
        service_tier="auto",
        reasoning_effort="low",
        verbosity="low",
        modalities=["text"],
        prediction={"type": "content", "content": "A scripted"},
        prompt_cache_key="key",
        safety_identifier="someone",
        user="someone",
        parallel_tool_calls=True,
        response_format={"type": "text"},
        web_search_options={},
    )


@check
def unknown_fields():
    replies(extra_body={"chat_template_kwargs": {"thinking": False}, "top_k": 40, "x": [1]})


@check
def null_in_every_field():
    names = """audio frequency_penalty function_call functions logit_bias logprobs
        max_completion_tokens max_tokens metadata modalities n parallel_tool_calls prediction
        presence_penalty prompt_cache_key reasoning_effort response_format safety_identifier seed
        service_tier stop store stream stream_options temperature tool_choice tools top_logprobs
        top_p user verbosity web_search_options"""
    replies(extra_body=dict.fromkeys(names.split()))


@check
def no_model_is_the_default_agent():
    body = {"messages": says("Hello"), "max_tokens": 2}
    assert client().post("/chat/completions", body=body, cast_to=ChatCompletion).choices


@check
def text_parts():
    replies([{"type": "text", "text": "Hello"}, {"type": "text", "text": "there"}])


@check
def image_part():
    image = {"url": "data:image/png;base64,iVBORw0KGgo="}
    replies([{"type": "text", "text": "Look:"}, {"type": "image_url", "image_url": image}])


@check
def every_empty_assistant_message():
    call = {"id": "c1", "type": "function", "function": {"name": "now", "arguments": ""}}
    tool = {"role": "tool", "tool_call_id": "c1", "content": "noon"}
    for content in (None, "", []):
        assistant = {"role": "assistant", "content": content, "tool_calls": [call]}
        messages = [*says("Hello"), assistant, tool, *says("And?")]
        completion = client().chat.completions.create(model=SCRIPTED, messages=messages)
        assert completion.choices[0].message.content == REPLY, (content, completion)


@check
def an_answer_may_be_played_back_whole():
    said = scripted("think").choices[0].message
    messages = [*says("think"), said.model_dump(), *says("Hello")]
    completion = client().chat.completions.create(model=SCRIPTED, messages=messages)
    assert completion.choices[0].message.content == REPLY, completion


@check
def ten_megabytes():
    replies("long " * 2_000_000)


@check
def base_url_with_a_slash_at_its_end():
    with_slash = client(base_url=f"{client().base_url}")
    assert f"{with_slash.base_url}".endswith("/")
    assert with_slash.models.retrieve(MAIN).id == MAIN


@check
def foreign_headers():
    headers = {"OpenAI-Organization": "org", "OpenAI-Project": "p", "X-OpenWebUI-User-Id": "1"}
    replies(extra_headers=headers)
