"""Drives the standard endpoints with Authlib and requests-oauthlib, and prints what they were given as JSON."""

import json
import sys

from authlib.integrations.requests_client import OAuth2Session as Authlib
from oauthlib.oauth2 import BackendApplicationClient, LegacyApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session as RequestsOAuthlib

given = json.load(sys.stdin)
issuer = given["issuer"]
endpoints = {name: f"{issuer}/{name}" for name in ("token", "revoke", "introspect")}
user = {"username": "alice", "password": "alice-password"}


def of_token(token):
    return {name: token[name] for name in ("token_type", "expires_in")} | {"scope": token.get("scope")}


def by_authlib(method):
    """`method`: how the client authenticates itself."""
    seen = {}
    service = Authlib(given["clientId"], given["clientSecret"], token_endpoint_auth_method=method)
    seen["client_credentials"] = of_token(
        service.fetch_token(endpoints["token"], grant_type="client_credentials", scope="read")
    )
    client = Authlib(given["clientId"], given["clientSecret"], token_endpoint_auth_method=method)
    first = client.fetch_token(endpoints["token"], grant_type="password", **user)
    seen["password"] = of_token(first)
    second = client.refresh_token(endpoints["token"], first["refresh_token"])
    seen["refresh"] = of_token(second)
    seen["rotated"] = second["refresh_token"] != first["refresh_token"]
    seen["again"] = client.refresh_token(endpoints["token"], first["refresh_token"])["refresh_token"] == second[
        "refresh_token"
    ]
    introspected = lambda: client.introspect_token(endpoints["introspect"], token=second["access_token"]).json()
    seen["active"] = introspected()
    seen["revoked"] = client.revoke_token(endpoints["revoke"], token=second["refresh_token"]).status_code
    seen["inactive"] = introspected()
    try:
        client.refresh_token(endpoints["token"], second["refresh_token"])
    except Exception as error:
        seen["refused"] = error.error
    return seen


def by_requests_oauthlib():
    seen = {}
    auth = HTTPBasicAuth(given["clientId"], given["clientSecret"])
    service = RequestsOAuthlib(client=BackendApplicationClient(given["clientId"], scope=["read"]))
    seen["client_credentials"] = of_token(service.fetch_token(endpoints["token"], auth=auth))
    client = RequestsOAuthlib(client=LegacyApplicationClient(given["clientId"], scope=["read", "write"]))
    first = client.fetch_token(endpoints["token"], auth=auth, **user)
    seen["password"] = of_token(first)
    second = client.refresh_token(endpoints["token"], auth=auth)
    seen["refresh"] = of_token(second)
    seen["rotated"] = second["refresh_token"] != first["refresh_token"]
    seen["again"] = (
        client.refresh_token(endpoints["token"], refresh_token=first["refresh_token"], auth=auth)["refresh_token"]
        == second["refresh_token"]
    )
    # The library has no call for these two; it makes the request of RFC 7009 and leaves the sending to its user.
    introspected = lambda: client.post(
        endpoints["introspect"], data={"token": second["access_token"]}, auth=auth, withhold_token=True
    ).json()
    seen["active"] = introspected()
    url, headers, body = client._client.prepare_token_revocation_request(
        endpoints["revoke"].replace("http://", "https://"), second["refresh_token"], "refresh_token"
    )
    revoked = client.post(endpoints["revoke"], data=body, headers=headers, auth=auth, withhold_token=True)
    seen["revoked"] = revoked.status_code
    seen["inactive"] = introspected()
    try:
        client.refresh_token(endpoints["token"], refresh_token=second["refresh_token"], auth=auth)
    except Exception as error:
        seen["refused"] = error.error
    return seen


json.dump(
    {
        "authlib, client_secret_basic": by_authlib("client_secret_basic"),
        "authlib, client_secret_post": by_authlib("client_secret_post"),
        "requests-oauthlib": by_requests_oauthlib(),
    },
    sys.stdout,
)
