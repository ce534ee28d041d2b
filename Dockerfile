FROM python:3.12-slim
WORKDIR /app
COPY requirements.lock pyproject.toml ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation . && useradd --create-home zonewatch && mkdir -p /data && chown zonewatch /data
USER zonewatch
ENV ZONEWATCH_DATA_DIR=/data
VOLUME /data
CMD ["zonewatch", "up"]
