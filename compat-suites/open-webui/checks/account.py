"""The account."""

from support.checks import check

from .harness import admin


@check
def first_sign_up_is_the_administrator():
    assert admin().get("/api/v1/auths/").raise_for_status().json()["role"] == "admin"
