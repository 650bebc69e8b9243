#!/bin/sh
# A Chromium for the browser tests: the one that is there, else Debian's. Fails where there can be none.
set -eu
for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
echo "· Chromium is missing; installing it with apt-get"
if ! command -v apt-get >/dev/null 2>&1; then
    echo "The browser tests need Chromium, and there is no apt-get to install it. Install it and set CHROMIUM to its path." >&2
    exit 1
fi
as_root=""
if [ "$(id -u)" != 0 ]; then as_root="sudo -n"; fi
if ! { $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends chromium >/dev/null && command -v chromium >/dev/null 2>&1; }; then
    echo "The browser tests need Chromium, and apt-get could not install it. Install it and set CHROMIUM to its path." >&2
    exit 1
fi
