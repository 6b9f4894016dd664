# Finds or fetches a Python that Home Assistant accepts: to be sourced by script/setup.
# shellcheck shell=bash

readonly PYTHON_DIR="$PWD/.python"

python_is_new_enough() {
  [[ -x $1 ]] && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 14, 2))' 2>/dev/null
}

# Prints the first Python that serves, of PATH and of what an earlier run put into .python/.
find_python() {
  local candidate
  for candidate in "$(command -v python3.14)" "$PYTHON_DIR"/usr/bin/python3.14 "$PYTHON_DIR"/cpython-3.14*/bin/python3.14; do
    if python_is_new_enough "$candidate"; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  return 1
}

python_from_uv() {
  say "fetching Python 3.14 with uv"
  # One connection attempt and no retry: without a way to the download host the next source shall have its turn soon.
  if ! UV_PYTHON_INSTALL_DIR="$PYTHON_DIR" UV_PYTHON_INSTALL_BIN=0 UV_HTTP_CONNECT_TIMEOUT=5 UV_HTTP_RETRIES=0 \
    uv python install --quiet 3.14 2>/dev/null; then
    rm -rf "$PYTHON_DIR"
    return 1
  fi
}

# Prints the suite of this distribution that carries Python 3.14.
suite_with_python() {
  case $1 in
    debian) echo forky ;;
    ubuntu) echo resolute ;;
    *) return 1 ;;
  esac
}

# Prints the mirror that the machine's own apt sources name; apt itself reads both of their formats.
machine_mirror() {
  local codename=$1
  apt-get indextargets --no-release-info --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' 2>/dev/null |
    awk -v codename="$codename" '$2 == codename && !found { print $1; found = 1 }'
}

# Downloads the packages named after the first three arguments into the current folder.
# apt is pointed at lists and caches of its own: it writes nothing of the system, and reads its settings and the keyring.
download_packages() {
  local mirror=$1 suite=$2 keyring=$3
  shift 3
  mkdir -p apt/state/lists/partial apt/cache/archives/partial
  : >apt/status
  echo "deb [signed-by=$keyring] $mirror $suite main" >apt/sources.list
  local -a apt=(
    apt-get -qq
    -o "Dir::State=$PWD/apt/state" -o "Dir::State::status=$PWD/apt/status" -o "Dir::Cache=$PWD/apt/cache"
    -o "Dir::Etc::SourceList=$PWD/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null
    -o "APT::Sandbox::User=$(id -un)" # the user `_apt` could not write here
    -o Acquire::Languages=none
  )
  "${apt[@]}" update && "${apt[@]}" download "$@"
}

# Makes the unpacked Python load the libraries beside it instead of the older ones of the system.
use_own_libraries() {
  local prefix=$1 libraries
  libraries=$(dirname "$(find "$prefix/usr/lib" -name libc.so.6)")
  "$TOOLS/patchelf" --set-interpreter "$(find "$libraries" -maxdepth 1 -name 'ld-linux*.so.*')" \
    --force-rpath --set-rpath "$libraries" "$prefix/usr/bin/python3.14"
}

# A private Python from the distribution's testing packages; needs no root and installs nothing into the system.
# As part of an `||` chain it runs without the protection of `set -e`: every step that may fail says what follows.
python_from_packages() {
  local ID='' VERSION_CODENAME='' suite mirror
  has apt-get && has dpkg && [[ -r /etc/os-release ]] || return 1
  # shellcheck source=/dev/null
  . /etc/os-release
  suite=$(suite_with_python "$ID") || return 1
  mirror=$(machine_mirror "$VERSION_CODENAME")
  [[ -n $mirror ]] || return 1
  say "fetching Python 3.14 from the packages of $ID $suite"
  install_tools
  local downloads="$PYTHON_DIR/downloads" package
  rm -rf "$PYTHON_DIR"
  mkdir -p "$downloads" || return 1
  (cd "$downloads" && download_packages "$mirror" "$suite" "/usr/share/keyrings/$ID-archive-keyring.gpg" \
    {lib,}python3.14{,-minimal} libpython3.14-{stdlib,dev} libc6 libexpat1 zlib1g libssl3t64 libffi8 libsqlite3-0 \
    libbz2-1.0 liblzma5 libncursesw6 libreadline8t64 libtinfo6 libuuid1 libzstd1 libgcc-s1 libstdc++6 libdb5.3t64) || return 1
  for package in "$downloads"/*.deb; do
    dpkg -x "$package" "$PYTHON_DIR" || return 1
  done
  rm -rf "$downloads"
  use_own_libraries "$PYTHON_DIR"
}
