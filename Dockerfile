# Cutwatch in an image of its own (its import names are generic, so it never shares an environment).
FROM python:3.13-slim-bookworm

RUN useradd --create-home --uid 10001 cutwatch
WORKDIR /srv/cutwatch

COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY api ./api
COPY monitor ./monitor
COPY probes ./probes
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e . && install -d -o cutwatch -m 0700 /var/lib/cutwatch
COPY config ./config

USER cutwatch
ENV CUTWATCH_DATA_DIR=/var/lib/cutwatch CUTWATCH_HOST=0.0.0.0 CUTWATCH_LOG=json
VOLUME /var/lib/cutwatch
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --start-period=30s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=5)"]
CMD ["cutwatch", "run"]
