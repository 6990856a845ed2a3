"""A server that issues tokens, on loopback: its keys rotate, and it can be slow, broken or down."""

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

CLIENT_ID, CLIENT_SECRET = "engine", "secret-of-the-client"
SLOW_S = 1.0


class FakeIssuer:
    """One issuer, as GoTrue and as an OpenID provider; `asked` counts requests by path.

    `mode` is ok, slow, broken or down. `grant` is what the next sign-in's ID token says, and
    `forge` what it says wrongly.
    """

    def __init__(self) -> None:
        self.mode = "ok"
        self.asked: list[str] = []
        self.keys: dict[str, tuple[str, Any]] = {}
        self.grant: dict[str, object] = {}
        self.forge: dict[str, object] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.issuer = self  # type: ignore[attr-defined]
        self.rotate("ES256")

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def issuer(self) -> str:
        return f"{self.origin}/auth/v1"

    @property
    def jwks_url(self) -> str:
        return f"{self.issuer}/.well-known/jwks.json"

    def rotate(self, algorithm: str) -> str:
        """Add a key and sign with it from now on; returns its id."""
        key_id = f"key-{len(self.keys)}"
        self.keys[key_id] = (algorithm, _NEW_KEY[algorithm]())
        return key_id

    def sign(self, claims: dict[str, object], *, key_id: str = "", **header: object) -> str:
        key_id = key_id or next(reversed(self.keys))
        algorithm, key = self.keys[key_id]
        return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": key_id, **header})

    def gotrue(self, **claims: object) -> str:
        """Return an access token with the claims that GoTrue 2 issues, some of them changed."""
        return self.sign(self.gotrue_claims(**claims))

    def gotrue_claims(self, **claims: object) -> dict[str, object]:
        now = int(time.time())
        usual: dict[str, object] = {
            "iss": self.issuer,
            "sub": str(uuid4()),
            "aud": "authenticated",
            "exp": now + 3600,
            "iat": now,
            "email": "ada@example.com",
            "phone": "",
            "app_metadata": {"provider": "email", "providers": ["email"]},
            "user_metadata": {"email": "ada@example.com", "email_verified": True},
            "role": "authenticated",
            "aal": "aal1",
            "amr": [{"method": "password", "timestamp": now}],
            "session_id": str(uuid4()),
            "is_anonymous": False,
        }
        return {name: value for name, value in (usual | claims).items() if value is not None}

    def approve(self, location: str, **changes: str) -> str:
        """Do what the person does at the provider: return where the browser is sent then."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        code = uuid4().hex
        self.codes[code] = query
        back = {"code": code, "state": query["state"], "iss": self.issuer} | changes
        shown = {name: value for name, value in back.items() if value}
        return f"{query['redirect_uri']}?{urlencode(shown)}"

    def document(self) -> dict[str, object]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": self.jwks_url,
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def key_set(self) -> dict[str, object]:
        return {
            "keys": [
                json.loads(jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key()))
                | {"kid": key_id, "alg": algorithm, "use": "sig"}
                for key_id, (algorithm, key) in self.keys.items()
            ]
        }

    def redeem(self, form: dict[str, str], authorization: str) -> dict[str, object] | None:
        """Exchange a code once, for the client that began, with the verifier of its challenge."""
        began = self.codes.pop(form.get("code", ""), None)
        secret = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if (
            began is None
            or authorization != f"Basic {secret}"
            or form.get("redirect_uri") != began["redirect_uri"]
            or began.get("code_challenge_method") != "S256"
            or base64.urlsafe_b64encode(digest).decode().rstrip("=") != began["code_challenge"]
        ):
            return None
        claims = {
            "iss": self.issuer,
            "sub": "subject-of-ada",
            "aud": CLIENT_ID,
            "nonce": began["nonce"],
            "exp": int(time.time()) + 300,
            "iat": int(time.time()),
            "email": "ada@example.com",
            "email_verified": True,
        }
        return {
            "token_type": "Bearer",
            "access_token": "opaque",
            "id_token": self.sign(claims | self.grant | self.forge),
        }


_NEW_KEY = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        issuer: FakeIssuer = self.server.issuer  # type: ignore[attr-defined]
        path = urlsplit(self.path).path
        issuer.asked.append(path)
        if self._misbehaves(issuer):
            return
        if path.endswith("/jwks.json"):
            self._answer(issuer.key_set())
        elif path.endswith("/openid-configuration"):
            self._answer(issuer.document())
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        issuer: FakeIssuer = self.server.issuer  # type: ignore[attr-defined]
        issuer.asked.append(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        if self._misbehaves(issuer):
            return
        form = {name: values[0] for name, values in parse_qs(body).items()}
        redeemed = issuer.redeem(form, self.headers.get("Authorization", ""))
        self._answer(redeemed or {"error": "invalid_grant"}, status=200 if redeemed else 400)

    def _misbehaves(self, issuer: FakeIssuer) -> bool:
        if issuer.mode == "slow":
            time.sleep(SLOW_S)
        if issuer.mode == "down":
            self.close_connection = True
        if issuer.mode == "broken":
            self.send_error(500)
        return issuer.mode in {"down", "broken"}

    def _answer(self, body: object, *, status: int = 200) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
