# Shared by the scripts beside it: to be sourced, not run.
# shellcheck shell=bash

say() { printf 'setup: %s\n' "$*" >&2; }

fail() {
  printf 'setup: error: %s\n' "$*" >&2
  exit 1
}

has() { command -v "$1" >/dev/null; }
