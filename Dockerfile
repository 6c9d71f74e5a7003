# May carry a digest: --build-arg PYTHON=python:3.11-slim-bookworm@sha256:...
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS build
WORKDIR /src
# Bytecode that depends on the sources alone, not on their times, so that two builds are the same.
ENV UV_COMPILE_BYTECODE=1 PYC_INVALIDATION_MODE=UNCHECKED_HASH UV_LINK_MODE=copy \
    UV_PROJECT_ENVIRONMENT=/opt/grader UV_PYTHON_DOWNLOADS=never UV_SYSTEM_CERTS=1
COPY pyproject.toml uv.lock README.md ./
# uv in the version of the lock; the dependencies in a layer that outlives changes of the code.
RUN pip install --no-cache-dir --root-user-action=ignore \
        "uv==$(sed -n '/^name = "uv"$/{n;s/^version = "\(.*\)"$/\1/p;}' uv.lock)" \
    && uv sync --frozen --no-dev --no-install-project --extra cluster
COPY dlgrader ./dlgrader
COPY grader ./grader
COPY problems ./problems
COPY api ./api
COPY migrations ./migrations
COPY docs ./docs
COPY clients/python ./clients/python
COPY CHANGELOG.md CONTRIBUTING.md SECURITY.md ./
RUN uv sync --frozen --no-dev --no-editable --extra cluster \
    && ln -s "$(/opt/grader/bin/python -I -c 'import dlgrader; print(dlgrader.PACKAGES)')" \
        /opt/grader/packages

FROM ${PYTHON}
COPY --from=build /opt/grader /opt/grader
# `python -m api` and Dask import the packages of the repository by their names (ADR 20).
ENV PYTHONPATH=/opt/grader/packages
# NumPy would start a thread a core in every process; there is a process for each core already.
ENV PATH=/opt/grader/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 OPENBLAS_NUM_THREADS=1 \
    GRADER_HOST=0.0.0.0 GRADER_PORT=8000 GRADER_DATABASE=sqlite:////data/grader.db
# The user of the service may write here and nowhere else: a database in a file, and new secrets.
RUN install -d -o 10001 -g 10001 /data /secrets
WORKDIR /
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-m", "api.server.healthcheck"]
CMD ["python", "-m", "api"]
