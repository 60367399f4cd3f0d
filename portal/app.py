"""The web application: extensions, blueprints, error pages. Paths of folders are explicit here."""

from flask import Flask, Response, abort, jsonify, make_response
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from portal.amendments.views import bp as amendments
from portal.booking.desk import bp as desk
from portal.booking.hours import bp as hours
from portal.booking.views import bp as booking
from portal.consent.sheets import bp as sheets
from portal.consent.stopping import bp as stopping
from portal.consent.views import bp as consent
from portal.db.engine import Database
from portal.db.errors import StorageUnavailable
from portal.delegation.views import bp as delegation
from portal.demographics.views import bp as demographics
from portal.devices.views import bp as devices
from portal.enquiries.views import bp as enquiries
from portal.erasure.views import bp as erasure
from portal.exports.views import bp as exports
from portal.journey.views import bp as journey
from portal.notes.views import bp as notes
from portal.operations.views import bp as operations
from portal.own_copy.views import bp as own_copy
from portal.passkeys.views import bp as passkeys
from portal.people.views import bp as people
from portal.receipts.views import bp as receipts
from portal.recordings.keys.views import bp as keys
from portal.recordings.playback.views import bp as recordings
from portal.recordings.requests.views import bp as requests
from portal.recovery.views import bp as recovery
from portal.recruitment.views import bp as recruitment
from portal.rooms.desk import bp as interviews
from portal.rooms.views import bp as rooms
from portal.sampling.views import bp as sampling
from portal.settings import ROOT, Settings
from portal.study.service import StudyBook
from portal.team.views import bp as team
from portal.trail.views import bp as trail
from portal.web import (
    addresses,
    branding,
    design,
    errors,
    headers,
    i18n,
    limits,
    logs,
    permissions,
    principal,
    services,
    unfinished,
)
from portal.web.branding import Branding
from portal.web.exit import bp as leave
from portal.web.permissions import Permission, requires
from portal.web.reading import OneView
from portal.web.sessions import DatabaseSessionInterface, SessionStore
from portal.wiring import Services, build
from portal.workspace.demo import bp as demo
from portal.workspace.undelivered import bp as undelivered
from portal.workspace.views import bp as workspace

LARGEST_REQUEST = 6_000_000
LARGEST_FORM = 200_000


def create_app(settings: Settings, built: Services | None = None) -> Flask:
    """The application. Tests hand over services of their own; otherwise `portal.wiring` builds them."""
    made = built or build(settings)
    app = Flask("portal", static_folder=None, template_folder=None, instance_path=str(settings.instance))
    addresses.init_app(app)
    app.config.update(
        SECRET_KEY=made.session_key,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=LARGEST_FORM,
        MAX_FORM_PARTS=200,
        WTF_CSRF_TIME_LIMIT=None,  # it ends with the session
        PREFERRED_URL_SCHEME="https" if settings.secure else "http",
    )
    services.init_app(app, made.registry)
    app.session_interface = DatabaseSessionInterface(made.get(SessionStore), secure=settings.secure)
    _init_web(app, settings, made)
    for blueprint in (
        journey,
        people,
        sheets,
        consent,
        stopping,
        demographics,
        booking,
        desk,
        hours,
        receipts,
        team,
        devices,
        keys,
        recordings,
        requests,
        delegation,
        passkeys,
        recovery,
        recruitment,
        enquiries,
        notes,
        exports,
        erasure,
        sampling,
        own_copy,
        workspace,
        undelivered,
        trail,
        amendments,
        operations,
        rooms,
        interviews,
        leave,
    ):
        app.register_blueprint(blueprint)
    if settings.demonstration:
        app.register_blueprint(demo)
    _health(app, made)
    _front(app, settings.trusted_proxies, made.get(Database))
    return app


def _front(app: Flask, hops: int, database: Database) -> None:
    """What stands before Flask: static files, the addresses that trusted proxies tell, and a view of the database."""
    pages = OneView(app.wsgi_app, database)
    files = WhiteNoise(pages, root=ROOT / "static", prefix="static/", max_age=0, immutable_file_test=_hashed)
    front = ProxyFix(files, x_for=hops, x_proto=hops, x_host=hops) if hops else files
    app.wsgi_app = front  # type: ignore[method-assign]


def _init_web(app: Flask, settings: Settings, made: Services) -> None:
    design.init_app(app, ROOT / "static", ROOT / "templates")  # first: the others create Jinja's environment
    logs.init_app(app)
    CSRFProtect(app)
    headers.init_app(app, secure=settings.secure)
    i18n.init_app(app, list(made.get(StudyBook).current().study.languages), ROOT / "portal" / "translations")
    branding.init_app(app, made.branding)
    principal.init_app(app, made.principal)
    permissions.init_app(app, made.sites)
    limits.init_app(app, made.get(Database))
    unfinished.init_app(app, made.get(SessionStore).clock)
    errors.init_app(app)
    _brand_css(app, made.branding)
    _brand_logo(app, made.branding)


def _brand_css(app: Flask, source: branding.BrandingSource) -> None:
    """The sponsor's colour as a style sheet, since the content security policy allows no inline style."""

    @app.get("/brand.css", endpoint="brand_css")
    @requires(Permission.PUBLIC)
    def brand_css() -> Response:
        answer = make_response(_style(source()))
        answer.headers["Content-Type"] = "text/css; charset=utf-8"
        answer.headers["Cache-Control"] = "public, max-age=300"
        return answer


def _brand_logo(app: Flask, source: branding.BrandingSource) -> None:
    """The sponsor's logo, a part of the published study."""

    @app.get("/brand-logo.png", endpoint="brand_logo")
    @requires(Permission.PUBLIC)
    def brand_logo() -> Response:
        picture = source().logo
        if not picture:
            abort(404)
        answer = make_response(picture)
        answer.headers["Content-Type"] = "image/png"
        answer.headers["Cache-Control"] = "public, max-age=300"
        return answer


def _style(brand: Branding) -> str:
    return (
        f".app-header{{background:{brand.colour}}}"
        f".app-help{{border-block-start-color:{brand.colour}}}"
        f"@media print{{.app-header{{background:none}}}}"
    )


def _health(app: Flask, made: Services) -> None:
    @app.get("/healthz", endpoint="healthz")
    @requires(Permission.PUBLIC)
    def healthz() -> tuple[Response, int]:
        parts = {name: _state(check) for name, check in made.health.items()}
        if any(state.startswith("failing") for state in parts.values()):
            return jsonify(status="failing", parts=parts), 503
        good = all(state == "ok" for state in parts.values())
        return jsonify(status="ok" if good else "degraded", parts=parts), 200


def _state(check: object) -> str:
    try:
        return str(check()) if callable(check) else "unknown"
    except (StorageUnavailable, OSError) as error:
        return f"failing: {type(error).__name__}"


def _hashed(_path: str, url: str) -> bool:
    """Built assets carry a hash in their name, so browsers may keep them for ever."""
    return url.startswith("/static/dist/") and url.count(".") >= 2
