"""Floor 3: the portal. The only importer of flask; views hold no workflow."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from webapp import errors, i18n, labels, network, policy, present, security
from webapp.accounts.security import blueprint as account_security
from webapp.accounts.views import blueprint as accounts
from webapp.accounts.visitor import visitor
from webapp.admin.views import blueprint as admin
from webapp.alerts.editing import blueprint as editing
from webapp.alerts.sharing import blueprint as sharing
from webapp.alerts.views import blueprint as alerts
from webapp.bulletins.readers import blueprint as readers
from webapp.bulletins.views import blueprint as bulletins
from webapp.follows.views import blueprint as follows
from webapp.hooks.views import blueprint as hooks
from webapp.members.views import blueprint as members
from webapp.notices.views import blueprint as notices
from webapp.personal.views import blueprint as personal
from webapp.products.views import blueprint as products
from webapp.review.views import blueprint as review
from webapp.search.views import blueprint as search
from webapp.services import Services
from webapp.sources.views import blueprint as sources

SESSION_LIFE = timedelta(days=7)


def create_app(services: Services) -> Flask:
    """The portal over these services, as a WSGI application."""
    app = Flask(__name__)
    app.extensions["zonewatch"] = services
    app.config.update(SECRET_KEY=services.secret_key, PERMANENT_SESSION_LIFETIME=SESSION_LIFE)
    app.context_processor(lambda: {"visitor": visitor()})
    app.jinja_options = {"autoescape": True, "trim_blocks": True, "lstrip_blocks": True, "finalize": present.shown}
    for part in (i18n, present, labels, policy):
        part.init(app)
    security.init(app, services.base_url)
    network.init(app)
    errors.init(app)
    for blueprint in (search, products, notices, alerts, editing, sharing, follows, bulletins, readers, review, sources,
                      accounts, account_security, members, personal, admin, hooks):
        app.register_blueprint(blueprint)
    return app
