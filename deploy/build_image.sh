#!/bin/sh
# Makes the folder that the image consists of, from a checkout's root: sh deploy/build_image.sh FOLDER [REQUIREMENTS]
# What builds it stays behind: the folder holds Python, the pinned packages, the services, and no pip.
set -eu
target=$1
requirements=${2:-runtime.txt}
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" -m venv "$work/build"
"$work/build/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r deploy/requirements/build.txt
PYTHONPATH=deploy/local/src "$work/build/bin/python" timeline-service/front/build.py
"$work/build/bin/pip" wheel --quiet --no-deps --no-build-isolation --wheel-dir "$work/wheels" \
  ./schemas ./schemas/service-edge ./ingest-service ./timeline-service

"$python" -m venv --without-pip --copies "$target"
install_into() { "$work/build/bin/pip" --python "$target/bin/python" install --quiet --no-deps --no-compile "$@"; }
install_into --require-hashes -r "deploy/requirements/$requirements"
install_into --no-index "$work"/wheels/*.whl
"$target/bin/python" -m compileall -q -j 0 "$target/lib"  # once: its root is read-only when it runs
