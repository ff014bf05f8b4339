FROM python:3.11-slim AS build
WORKDIR /source
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
    && python -m venv /opt/forebear \
    && /opt/forebear/bin/pip install --no-cache-dir --constraint constraints.txt /wheels/*.whl

FROM python:3.11-slim
RUN useradd --system --no-create-home forebear
COPY --from=build /opt/forebear /opt/forebear
USER forebear
ENV PATH=/opt/forebear/bin:$PATH FOREBEAR_PORT=8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD python -c "import urllib.request as r; r.urlopen('http://127.0.0.1:$FOREBEAR_PORT/readyz', timeout=4)"
ENTRYPOINT ["forebear"]
CMD ["serve"]
