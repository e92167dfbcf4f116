"""A service that accepts the access tokens of bo-auth. On Debian it needs python3-jwt and python3-cryptography."""

import base64
import json
import os
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt

URL = os.environ["BO_AUTH_URL"]
PROJECT = os.environ["BO_AUTH_PROJECT"]
ISSUER = os.environ.get("BO_AUTH_ISSUER", "RG3")
CLIENT = os.environ["BO_AUTH_CLIENT"] + ":" + os.environ["BO_AUTH_SECRET"]
MAX_STALE_SECONDS = 60

keys = jwt.PyJWKClient(f"{URL}/.well-known/jwks.json?project={PROJECT}")


class Feed(threading.Thread):
    """Follows the revocation feed."""

    def __init__(self):
        super().__init__(daemon=True)
        self.ended, self.users, self.complete_at = {}, {}, float("-inf")

    def run(self):
        cursor, wait = None, 0
        while True:
            try:
                answer = self.ask(cursor, wait)
            except urllib.error.HTTPError as error:
                if error.code == 410:
                    cursor = None
                pause = error.headers.get("Retry-After", "")
                time.sleep(int(pause) if pause.isdigit() else 2)
                wait = 0
            except Exception:
                time.sleep(2)
                wait = 0
            else:
                cursor = answer["cursor"]
                for entry in answer["ended"]:
                    self.ended[entry["sid"]] = entry["exp"]
                for entry in answer["users"]:
                    self.users[entry["id"]] = entry["before"]
                if answer["ended"] or answer["users"]:
                    wait = 0
                else:
                    self.complete_at, wait = time.monotonic(), 30
                    self.forget(time.time() - 60)

    def ask(self, cursor, wait):
        query = {"wait": wait, **({"after": cursor} if cursor else {})}
        request = urllib.request.Request(
            f"{URL}/bo/api/v3/oauth/{PROJECT}/revocations?{urllib.parse.urlencode(query)}",
            headers={"Authorization": "Basic " + base64.b64encode(CLIENT.encode()).decode()},
        )
        with urllib.request.urlopen(request, timeout=35) as response:
            return json.load(response)

    def forget(self, now):
        self.ended = {sid: exp for sid, exp in self.ended.items() if exp > now}
        self.users = {user: before for user, before in self.users.items() if before / 1000 > now - 86400}

    def is_revoked(self, claims):
        return claims["sid"] in self.ended or claims["iat"] * 1000 < self.users.get(claims["id"], 0)

    def is_fresh(self):
        return time.monotonic() - self.complete_at <= MAX_STALE_SECONDS


feed = Feed()


def verify(authorization):
    """Returns a status and the claims."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return 401, None
    try:
        key = keys.get_signing_key_from_jwt(token).key
        claims = jwt.decode(
            token,
            key,
            algorithms=["ES256", "ES384", "RS256", "PS256"],  # never HS256 with a public key
            issuer=ISSUER,
            audience="api",
            leeway=5,
            options={"require": ["exp", "iat", "iss", "aud", "owner_id"]},
        )
    except jwt.PyJWKClientError as error:
        is_outage = isinstance(error.__context__, OSError)
        return (503 if is_outage else 401), None
    except jwt.PyJWTError:
        return 401, None
    # cnf: bound to a key by DPoP, which this example does not check.
    if claims["owner_id"] != PROJECT or "cnf" in claims:
        return 401, None
    if "sid" in claims:  # the token of a service has no session
        if feed.is_revoked(claims):
            return 401, None
        if not feed.is_fresh():
            return 503, None
    return 200, claims


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        status, claims = verify(self.headers.get("Authorization", ""))
        body = json.dumps({"caller": claims["sub"]} if claims else {}).encode()
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", "Bearer")
        if status == 503:
            self.send_header("Retry-After", "5")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    feed.start()
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
