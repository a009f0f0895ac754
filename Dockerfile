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
# Not /readyz: that is 503 while the network is gone, and a restart would only lose what is known, not bring the network back.
HEALTHCHECK --start-period=30s CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ.get('CUTWATCH_PORT', 8000)}/healthz\", timeout=5)"]
CMD ["cutwatch", "run"]
