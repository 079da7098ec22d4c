"""Calls the gateway with a client that openapi-generator made: `openapi_generator.py LABEL FOLDER`."""

import importlib
import os
import sys

from support.checks import check, refused as refused_with, run_all

LABEL, FOLDER = sys.argv[1:]
MAIN, SCRIPTED = "openclaw/default", "openclaw/scripted"
sys.path.insert(0, FOLDER)
generated = importlib.import_module("generated")
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}}


def client(token: str):
    return generated.ApiClient(generated.Configuration(os.environ["OPENCLAW_ORIGIN"], access_token=token))


ours = client(os.environ["OPENCLAW_TOKEN"])
responses = generated.ResponsesApi(ours)


def ask(model: str, text: str, **more):
    content = generated.ChatCompletionMessageContent(text)
    message = generated.ChatCompletionRequestMessage(role=generated.MessageRole.USER, content=content)
    request = generated.CreateChatCompletionRequest(model=model, messages=[message], **more)
    answer = generated.ChatApi(ours).create_chat_completion(request)
    assert isinstance(answer, generated.CreateChatCompletionResponse), answer
    return answer


def respond(text: str, **more):
    made = responses.create_response(generated.CreateResponse(
        model=SCRIPTED, input=generated.ResponseInputItemList(text), **more))
    assert isinstance(made, generated.ResponseObject), made
    return made


@check
def models():
    assert MAIN in [model.id for model in generated.ModelsApi(ours).list_models().data]


@check
def model():
    one = generated.ModelsApi(ours).retrieve_model(MAIN)
    assert (one.id, one.owned_by) == (MAIN, "openclaw"), one


@check
def chat():
    answer = ask(MAIN, "Hello", max_tokens=8)
    assert answer.choices[0].message.content and answer.usage.completion_tokens > 0, answer


@check
def chat_tools():
    function = generated.FunctionObject(name="get_weather", parameters=PARAMETERS)
    tool = generated.ChatCompletionTool(type="function", function=function)
    [call] = ask(SCRIPTED, "How warm is it?", tools=[tool]).choices[0].message.tool_calls
    assert call.function.name == "get_weather", call


@check
def response():
    made = respond("Hello", metadata={"a": "b"})
    message = made.output[0].actual_instance
    assert isinstance(message, generated.MessageItem), made
    part = message.content[0].actual_instance
    assert isinstance(part, generated.OutputTextPart) and part.text == "A scripted reply.", part
    assert made.metadata == {"a": "b"}, made


@check
def response_tools():
    made = respond("How warm is it?", tools=[
        generated.ResponseTool(type="function", name="get_weather", parameters=PARAMETERS)])
    call = made.output[0].actual_instance
    assert isinstance(call, generated.FunctionCallItem) and call.name == "get_weather", made


@check
def response_again():
    made = respond("Hello")
    assert responses.retrieve_response(made.id) == made
    [item] = responses.list_input_items(made.id).data
    assert isinstance(item.actual_instance, generated.MessageItem), item
    assert responses.delete_response(made.id).deleted


@check
def embeddings():
    request = generated.CreateEmbeddingRequest(input=generated.EmbeddingInput(["a", "b"]))
    made = generated.EmbeddingsApi(ours).create_embedding(request)
    assert [len(one.embedding.actual_instance) for one in made.data] == [384, 384]


@check
def refused():
    error = refused_with(generated.exceptions.UnauthorizedException,
                         generated.ModelsApi(client("wrong")).list_models)
    assert isinstance(error.data, generated.ErrorResponse), error
    assert error.data.error.code == "invalid_api_key", error.data


if __name__ == "__main__":
    run_all([sys.modules["__main__"]], [], LABEL)
