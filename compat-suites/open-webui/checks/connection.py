"""The connection, as an administrator sees and verifies it."""

from support.checks import check

from .harness import GATEWAY, TOKEN, admin


def verify(url: str, token: str):
    return admin().post("/openai/verify", json={"url": url, "key": token})


@check
def is_what_the_lines_say():
    config = admin().get("/openai/config").raise_for_status().json()
    assert config["OPENAI_API_BASE_URLS"] == [GATEWAY], config
    assert config["OPENAI_API_KEYS"] == [TOKEN], "another key"


@check
def verifies():
    reply = verify(GATEWAY, TOKEN)
    assert reply.status_code == 200, reply.text
    assert "openclaw/default" in [model["id"] for model in reply.json()["data"]], reply.text


@check
def verifies_with_a_slash_at_the_end():
    reply = verify(f"{GATEWAY}/", TOKEN)
    assert reply.status_code == 200, reply.text
    assert reply.json()["object"] == "list", reply.text


@check
def a_wrong_token_is_told():
    reply = verify(GATEWAY, "wrong")
    assert reply.status_code == 401, reply.status_code
    error = reply.json()["error"]
    assert error["code"] == "invalid_api_key" and "auth-token" in error["message"], error


@check
def no_token_is_told():
    reply = verify(GATEWAY, "")
    assert reply.status_code == 401, reply.status_code
    assert reply.json()["error"]["message"], reply.text
