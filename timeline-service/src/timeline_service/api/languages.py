"""The language in which a read names countries (RFC 9110, 12.5.4)."""

from typing import Annotated

from fastapi import Depends, Header, Request

from timeline_service.domain.country_names import negotiate_language


async def _language(
    request: Request,
    accept_language: Annotated[
        str | None,
        Header(
            alias="Accept-Language",
            description="The languages of country names, best first; English when nothing fits.",
            examples=["hi"],
        ),
    ] = None,
) -> str:
    return negotiate_language(accept_language and ",".join(request.headers.getlist("accept-language")))


#: What a read's `Accept-Language` comes to: a BCP 47 tag for `names_in` and for `Content-Language`.
Language = Annotated[str, Depends(_language)]


def language_headers(language: str) -> dict[str, str]:
    """The header that says in which language an answer names countries; every answer says what it varies by."""
    return {"content-language": language}
