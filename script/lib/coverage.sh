#!/usr/bin/env bash
# Looks at what the run of the tests that has just ended has reached, lines and branches: of the dialogs everything, of
# the integration nearly all; with --library of bach_lib as well. What is missed is named where it is too much.
set -euo pipefail
cd "$(dirname "$0")/../.."

failed=''

# Says how much of some files was reached, and which lines were not if that is less than it should be.
held() {
  local what=$1 least=$2 files=$3 reached
  if reached=$(.venv/bin/coverage report --format=total --precision=1 --include="$files" --fail-under="$least"); then
    printf 'covered: %s %s %%, at least %s %%\n' "$what" "$reached" "$least"
  else
    .venv/bin/coverage report --precision=1 --include="$files" || true
    printf 'NOT COVERED: %s %s %%, and should be at least %s %%\n' "$what" "${reached%%$'\n'*}" "$least"
    failed=1
  fi
}

held 'the dialogs' 100 'custom_components/bach/config_flow.py,custom_components/bach/flows/*'
held 'the integration' 98 'custom_components/bach/*'
# What only processes of their own run (the daemon, the command as a program) counts as missed: they are not measured.
[[ ${1:-} != --library ]] || held 'bach_lib' 95 'bach_lib/*'
[[ -z $failed ]]
