"""Headers that every answer carries."""

from flask import Flask, Response, request

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)

PERMISSIONS_POLICY = "geolocation=(), payment=(), usb=(), camera=(), microphone=()"


_SECRET = ("/invitation/", "/stop/", "/guest/")
"""Addresses that are secrets themselves."""


def init_app(app: Flask, *, secure: bool) -> None:
    """Add the headers to every answer."""

    def add(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        headers.setdefault("Cache-Control", "no-store")
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer" if request.path.startswith(_SECRET) else "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        headers["X-Robots-Tag"] = "noindex, nofollow"
        if secure:
            headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
        return response

    app.after_request(add)
