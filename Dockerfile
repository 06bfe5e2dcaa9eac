# The site in one container: web server and background worker, data in the volume /data.
FROM python:3.11-slim-bookworm
WORKDIR /app
COPY requirements/run.txt requirements/run.txt
RUN pip install --no-cache-dir --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md ./
COPY src src
# The history stays outside, so that the version is told: docker build --build-arg VERSION=0.1.0 .
ARG VERSION=0.1.0
RUN SETUPTOOLS_SCM_PRETEND_VERSION=$VERSION pip install --no-cache-dir --no-deps . \
    && useradd --system --uid 10001 zhunsheng && mkdir /data && chown zhunsheng /data
USER zhunsheng
ENV ZHUNSHENG_DATA=/data
VOLUME /data
EXPOSE 8000
# Asked by the machine's address: /health answers under any name and without TLS.
HEALTHCHECK --start-period=60s CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health', timeout=10)"]
CMD ["zhunsheng", "serve", "--host", "0.0.0.0", "--port", "8000"]
