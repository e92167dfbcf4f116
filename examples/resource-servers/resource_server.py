"""A resource server: Debian's python3-jwt and python3-cryptography, and the standard library."""

import base64
import http.client
import json
import os
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt

URL, PROJECT = os.environ["BO_AUTH_URL"], os.environ["BO_AUTH_PROJECT"]
BASE = f"{URL}/bo/api/v3/oauth/{PROJECT}"
ISSUERS = ["RG3", BASE]
AUDIENCE = "api"
MAX_STALE_SECONDS = 60
# The most entries that an answer of the feed has.
PAGE = 1000


class KeySet(jwt.PyJWKClient):
    """Reads the keys every five minutes, and when a token names an unknown one, but at most once a second."""

    keys, error, read_at, tried_at = None, None, 0.0, 0.0

    def get_jwk_set(self, refresh=False):
        now = time.monotonic()
        is_due = refresh or self.keys is None or now - self.read_at > 300
        if is_due and (self.keys is None or now - self.tried_at >= 1):
            self.tried_at, self.error = now, None
            try:
                self.keys, self.read_at = super().get_jwk_set(True), now
            except jwt.PyJWTError as error:
                self.error = error
        # During an outage the keys that were read last stay in use.
        if self.error and (refresh or self.keys is None):
            raise self.error
        return self.keys


KEYS = KeySet(f"{URL}/.well-known/jwks.json?project={PROJECT}")


class Feed(threading.Thread):
    """Follows the revocation feed: which sessions have ended, and which users were logged out everywhere."""

    def __init__(self, client_id, client_secret):
        super().__init__(daemon=True)
        pair = ":".join(urllib.parse.quote(part, safe="") for part in (client_id, client_secret))
        self.authorization = "Basic " + base64.b64encode(pair.encode()).decode()
        self.ended, self.users, self.read_at = {}, {}, None

    def run(self):
        cursor, wait = None, 0
        while True:
            try:
                answer = self.read(cursor, wait)
            except (OSError, ValueError, http.client.HTTPException) as error:
                if getattr(error, "code", None) == 410:  # The cursor is too old. What is known stays true.
                    cursor = None
                pause = error.headers.get("Retry-After", "") if isinstance(error, urllib.error.HTTPError) else ""
                time.sleep(int(pause) if pause.isdigit() else 1)
                wait = 0
                continue
            cursor, now = answer["cursor"], time.time()
            ended = {**self.ended, **{entry["sid"]: entry["exp"] for entry in answer["ended"]}}
            self.ended = {sid: exp for sid, exp in ended.items() if exp + 60 > now}
            users = {**self.users, **{entry["id"]: entry["before"] for entry in answer["users"]}}
            self.users = {user: before for user, before in users.items() if before / 1000 + 86400 > now}
            is_complete = len(answer["ended"]) + len(answer["users"]) < PAGE
            if is_complete:
                self.read_at = time.monotonic()
            wait = 25 if is_complete else 0

    def read(self, cursor, wait):
        query = {"wait": wait, **({"after": cursor} if cursor else {})}
        request = urllib.request.Request(f"{BASE}/revocations?{urllib.parse.urlencode(query)}")
        request.add_header("Authorization", self.authorization)
        with urllib.request.urlopen(request, timeout=wait + 5) as response:
            return json.load(response)

    def is_fresh(self):
        return self.read_at is not None and time.monotonic() - self.read_at <= MAX_STALE_SECONDS

    def has_ended(self, claims):
        before = self.users.get(claims["id"], 0)
        return claims["sid"] in self.ended or claims["iat"] * 1000 < before


class Unavailable(Exception):
    """Whether the token is good cannot be said now."""


def verified(token, feed):
    """Returns the claims of a user's token. Raises jwt.InvalidTokenError, or Unavailable."""
    try:
        key = KEYS.get_signing_key_from_jwt(token).key
    except jwt.InvalidTokenError:
        raise
    except jwt.PyJWTError as error:
        if "Unable to find a signing key" in str(error):
            raise jwt.InvalidTokenError(str(error)) from error
        raise Unavailable("the key set is out of reach") from error
    # A token without a session is that of a service, whose sub is no user's id.
    required = ["iss", "aud", "exp", "iat", "owner_id", "sid", "id"]
    # Name the algorithms of the project's keys, and never HS256 besides them.
    claims = jwt.decode(
        token, key, algorithms=["ES256"], audience=AUDIENCE, leeway=5, options={"require": required}
    )
    if claims["iss"] not in ISSUERS or claims["owner_id"] != PROJECT:
        raise jwt.InvalidTokenError("of another project")
    if "cnf" in claims:
        raise jwt.InvalidTokenError("bound to a key: this server takes no DPoP proofs")
    if feed.has_ended(claims):
        raise jwt.InvalidTokenError("the session has ended")
    if not feed.is_fresh():
        raise Unavailable("the revocation feed is out of reach")
    return claims


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        try:
            if scheme.lower() != "bearer":
                raise jwt.InvalidTokenError("no access token")
            self.answer(200, {"user": verified(token, FEED)["id"]})
        except Unavailable as error:
            self.answer(503, {"error": str(error)}, {"Retry-After": "1"})
        except jwt.InvalidTokenError:
            self.answer(401, {"error": "invalid_token"}, {"WWW-Authenticate": 'Bearer error="invalid_token"'})

    def answer(self, status, body, headers={}):
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    FEED = Feed(os.environ["BO_AUTH_CLIENT"], os.environ["BO_AUTH_SECRET"])
    FEED.start()
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
