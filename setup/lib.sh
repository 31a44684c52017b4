# shellcheck shell=sh disable=SC2034 # the variables are for the scripts that source this
# What the other scripts share. Sourced from the top of the repository.

version=$(sed -n 's:^  <version>\(.*\)</version>:\1:p' pom.xml)
image=spark-appliance
base_image=${BASE_IMAGE:-debian:trixie-slim}
spark_version=${SPARK_VERSION:-4.2.0}

say() { printf '==> %s\n' "$*" >&2; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# A company's proxy that inspects TLS: tools outside a container know its certificate by one of these variables.
ca_bundle() {
  for file in "${CA_BUNDLE:-}" "${PIP_CERT:-}" "${SSL_CERT_FILE:-}" "${REQUESTS_CA_BUNDLE:-}"; do
    if [ -n "$file" ] && [ -s "$file" ]; then
      printf '%s\n' "$file"
      return
    fi
  done
}

is_debian() { [ -r /etc/debian_version ] && have apt-get; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif have sudo; then
    sudo "$@"
  else
    die "this needs root: run it as root or install sudo, or do it yourself: $*"
  fi
}

# install_packages NAME…: those that are missing, on Debian and Ubuntu; elsewhere says which are.
install_packages() {
  missing=
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  say "installs Debian packages:$missing"
  # One at a time: steps of the set-up run side by side.
  lock=/var/lock/spark-appliance-setup
  as_root flock "$lock" apt-get -qq update
  # shellcheck disable=SC2086 # a list of names
  as_root flock "$lock" env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends $missing >/dev/null
}

# Of the packages named, those that this system's package lists know.
known_packages() { for package in "$@"; do apt-cache show "$package" 2>/dev/null | sed -n '/^Package: /{s///p;q;}'; done; }

# need COMMAND PACKAGE: the command is there, or its Debian package is installed, or we say what is missing.
need() {
  have "$1" && return
  is_debian || die "'$1' is missing: install it with this system's package manager"
  install_packages "$2"
}

# The directory of a JDK of at least 25; nothing where there is none.
find_jdk() {
  for home in "${JAVA_HOME:-}" /usr/lib/jvm/* /opt/java "$(dirname "$(dirname "$(readlink -f "$(command -v javac || echo /-/-/-)")")")"; do
    if [ -x "$home/bin/javac" ]; then
      major=$("$home/bin/javac" -version 2>&1 | sed -n 's/^javac \([0-9]*\).*/\1/p')
      if [ "${major:-0}" -ge 25 ]; then
        printf '%s\n' "$home"
        return
      fi
    fi
  done
}

# A client that can build with BuildKit. A newer one without the buildx plugin may stand first on the PATH.
find_docker() {
  for client in docker /usr/bin/docker; do
    have "$client" || continue
    major=$("$client" version --format '{{.Client.Version}}' 2>/dev/null | cut -d. -f1)
    if "$client" buildx version >/dev/null 2>&1 || { [ -n "$major" ] && [ "$major" -lt 23 ]; }; then
      command -v "$client"
      return
    fi
  done
}

docker_answers() {
  client=$(find_docker)
  [ -n "$client" ] && "$client" info >/dev/null 2>&1
}

# A Docker engine that this user may use. Membership in its group is as good as root, so that nobody is added unasked.
need_engine() {
  setup/engine
  docker_answers || die "the Docker engine runs, and $(id -un) may not use it: sudo usermod -aG docker $(id -un), then log in again (or: sg docker 'make …')"
}

# Where the build has its tools: on this machine, or where that lacks a JDK (or BUILDER=container says so) in a container.
builds_here() { [ "${BUILDER:-}" != container ] && [ -n "$(find_jdk)" ]; }

# The docker client as the build sees it.
builders_docker() { if builds_here; then find_docker; else echo /usr/bin/docker; fi; }

# hash_of PATH…: of the contents of files and folders.
hash_of() { find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-32; }

# until_true SECONDS COMMAND…: repeats a check until it succeeds.
until_true() {
  deadline=$(($(date +%s) + $1))
  shift
  until "$@"; do
    [ "$(date +%s)" -lt "$deadline" ] || return 1
    sleep 0.2 # the pause between two looks, not a wait for a guess
  done
}
