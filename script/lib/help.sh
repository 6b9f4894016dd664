# Lets a script answer --help with the comment at its top: to be sourced by it, from the root of the checkout.
# shellcheck shell=bash

if [[ " $* " == *" --help "* || " $* " == *" -h "* ]]; then
  sed -n '2,/^[^#]/ s/^# \{0,1\}//p' "script/$(basename "$0")"
  exit
fi
