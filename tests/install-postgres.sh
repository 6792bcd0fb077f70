#!/bin/sh
# Installs a PostgreSQL server from Debian's packages where that is possible; otherwise the tests that need one skip.
set -u
if command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "PostgreSQL is not installed and cannot be installed here; the tests that need it will be skipped."
  exit 0
fi
echo "Installing PostgreSQL for the tests"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >/dev/null 2>&1 \
  && apt-get install -y -qq --no-install-recommends postgresql >/dev/null 2>&1 \
  || echo "PostgreSQL could not be installed; the tests that need it will be skipped."
exit 0
