# Inverse Lab in a container, without a GPU:
#   docker build --tag inverse-lab .
#   docker run --publish 127.0.0.1:8501:8501 --volume inverse-lab:/runs inverse-lab --allow-everyone
# It is reached from this machine alone then. Without --allow-everyone it starts only where a login is set up, in
# /home/lab/.streamlit/secrets.toml. All options of `python -m dashboard` can follow; with --base-path, give the sign of
# health the same path: --health-cmd.
FROM python:3.11-slim

# numba runs its threads by it.
RUN apt-get update && apt-get install --yes --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/inverse-lab
COPY requirements.txt .
# torch's own index has it without CUDA, which saves gigabytes.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN pip install --no-cache-dir --index-url "$TORCH_INDEX" "$(grep -o '^torch==[^ ]*' requirements.txt)"
RUN pip install --no-cache-dir -r requirements.txt

COPY core core
COPY dashboard dashboard
COPY pretrained pretrained

RUN useradd --system --create-home lab && install --directory --owner=lab /runs
USER lab
ENV NUMBA_CACHE_DIR=/home/lab/compiled
RUN python -c "from dashboard.__main__ import compile_engine; compile_engine()"

VOLUME /runs
EXPOSE 8501
HEALTHCHECK --start-period=90s CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8501/lab/health', timeout=5)"]
ENTRYPOINT ["python", "-m", "dashboard", "--host", "0.0.0.0", "--runs", "/runs"]
