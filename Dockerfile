# One image for every role: `api`, `worker NAME`, `db migrate` (see docker-compose.yml).
# In production pin both stages by digest.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
WORKDIR /app
COPY requirements.lock ./
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY pyproject.toml setup.py build_ui.py README.md LICENSE ./
COPY web web
COPY domain domain
COPY commands commands
COPY projections projections
COPY read_api read_api
COPY workers workers
COPY infra infra
COPY schemas schemas
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .

FROM ${PYTHON_IMAGE}
RUN groupadd --gid 10001 engine \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin engine \
 && install -d -o 10001 -g 10001 -m 0700 /data /vault-keys
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ENGINE_DATA_DIR=/data
USER 10001:10001
WORKDIR /data
ENTRYPOINT ["engine"]
CMD ["--help"]
