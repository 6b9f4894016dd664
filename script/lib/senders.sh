# Finds or fetches the programs that post to webhooks and are no Python packages: to be sourced by script/setup.
# shellcheck shell=bash

readonly SENDERS="$PWD/.tools/senders"

# Alertmanager from the distribution's packages; needs no root and installs nothing into the system.
# Debian's build looks for its templates in /usr/share, so the path in it becomes one of the same length that means ".".
alertmanager_from_packages() {
  local ID='' VERSION_CODENAME='' mirror templates=/usr/share/prometheus/alertmanager
  has apt-get && has dpkg && [[ -r /etc/os-release ]] || return 1
  # shellcheck source=/dev/null
  . /etc/os-release
  mirror=$(machine_mirror "$VERSION_CODENAME")
  [[ -n $mirror ]] || return 1
  say "fetching prometheus-alertmanager from the packages of $ID $VERSION_CODENAME"
  rm -rf "$SENDERS"
  mkdir -p "$SENDERS/downloads" || return 1
  (cd "$SENDERS/downloads" && download_packages "$mirror" "$VERSION_CODENAME" \
    "/usr/share/keyrings/$ID-archive-keyring.gpg" prometheus-alertmanager) || return 1
  dpkg -x "$SENDERS"/downloads/prometheus-alertmanager_*.deb "$SENDERS/package" || return 1
  mkdir -p "$SENDERS/alertmanager"
  cp "$SENDERS/package$templates"/*.tmpl "$SENDERS/alertmanager/" || return 1
  LC_ALL=C sed "s#$templates#.$(printf '%*s' $((${#templates} - 1)) '' | tr ' ' /)#g" \
    "$SENDERS/package/usr/bin/prometheus-alertmanager" >"$SENDERS/alertmanager/alertmanager" || return 1
  chmod +x "$SENDERS/alertmanager/alertmanager"
  rm -rf "$SENDERS/downloads" "$SENDERS/package"
  printf '#!/bin/sh\ncd "$(dirname "$0")/alertmanager" && exec ./alertmanager "$@"\n' >"$SENDERS/prometheus-alertmanager"
  chmod +x "$SENDERS/prometheus-alertmanager"
}

# Leaves a program that starts, on PATH or in .tools/senders/, or a sentence.
find_senders() {
  local path
  path=$(command -v prometheus-alertmanager || echo "$SENDERS/prometheus-alertmanager")
  "$path" --version >/dev/null 2>&1 && return
  alertmanager_from_packages && "$SENDERS/prometheus-alertmanager" --version >/dev/null 2>&1 && return
  rm -rf "$SENDERS"
  say "no prometheus-alertmanager: none on PATH, and apt could not fetch one; its tests are skipped"
}
