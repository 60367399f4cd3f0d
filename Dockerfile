# One image, commands: web | media | worker. The same scripts as `make run` install packages and build assets.
FROM debian:trixie-slim AS assets
WORKDIR /portal
COPY requirements/ requirements/
RUN requirements/install-system system-assets.txt
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-fund --no-audit
COPY static/ static/
RUN node requirements/assets.mjs

FROM debian:trixie-slim
WORKDIR /portal
COPY requirements/ requirements/
ARG DEBIAN_FRONTEND=noninteractive
# postgresql-client: backups of PostgreSQL are made with its own tools.
RUN apt-get update -q && apt-get install -q -y --no-install-recommends python3 postgresql-client \
    && requirements/install-system system-run.txt && rm -rf /var/lib/apt/lists/*
RUN requirements/install-python run.txt
COPY portal/ portal/
COPY templates/ templates/
COPY wsgi.py pyproject.toml LICENSE ./
COPY --from=assets /portal/static/ static/
RUN useradd --uid 10001 --no-create-home --home-dir /portal portal && install -d -o portal -m 0700 /instance /backups
USER portal
# Fontconfig keeps a cache while receipts are printed; /tmp is the one place that may be written to beside the instance.
ENV PORTAL_INSTANCE=/instance PATH=/portal/.venv/bin:$PATH PYTHONUNBUFFERED=1 XDG_CACHE_HOME=/tmp
VOLUME /instance /backups
EXPOSE 8080
ENTRYPOINT ["/portal/requirements/container"]
CMD ["web"]
