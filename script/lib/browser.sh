# Finds or fetches Chromium for the browser tests: to be sourced by script/setup.
# shellcheck shell=bash

readonly CHROMIUM_PATH_FILE="$PWD/.venv/chromium-path"

# A path alone proves nothing: Ubuntu's chromium package is an empty shell, and a fetched one may miss system libraries.
browser_starts() {
  [[ -n $1 && -x $1 ]] && "$1" --version >/dev/null 2>&1
}

browser_on_path() {
  local name path
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    path=$(command -v "$name") && browser_starts "$path" && echo "$path" && return
  done
  return 1
}

browser_from_packages() {
  [[ $(id -u) == 0 ]] && has apt-get || return 1
  say "installing the distribution's Chromium"
  apt-get -qq update >/dev/null 2>&1 || return 1
  DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends chromium >/dev/null 2>&1 || return 1
  browser_on_path
}

browser_from_playwright() {
  local path
  export PLAYWRIGHT_BROWSERS_PATH="$PWD/.venv/browsers"
  path=$("$VENV/bin/python" -c 'from playwright.sync_api import sync_playwright
with sync_playwright() as playwright: print(playwright.chromium.executable_path)')
  if ! browser_starts "$path"; then
    say "fetching Chromium with playwright"
    "$VENV/bin/playwright" install chromium >/dev/null 2>&1 || return 1
  fi
  browser_starts "$path" && echo "$path"
}

# Leaves the path of a Chromium that starts in .venv/chromium-path, or no such file and a sentence.
find_browser() {
  local path
  path=${BACH_CHROMIUM:-$(cat "$CHROMIUM_PATH_FILE" 2>/dev/null || true)}
  if ! browser_starts "$path"; then
    path=$(browser_on_path || browser_from_packages || browser_from_playwright) || path=''
  fi
  if [[ -n $path ]]; then
    echo "$path" >"$CHROMIUM_PATH_FILE"
  else
    rm -f "$CHROMIUM_PATH_FILE"
    say "no Chromium: none on PATH, and neither apt nor playwright could fetch one"
  fi
}
