# shellcheck shell=sh
# What the measurements share. Sourced; each runs `measure IMAGE` for all images in turn, in ROUNDS rounds (3).

node=
remove() {
  [ -z "$node" ] || docker rm --force --volumes "$node" >/dev/null
  node=
}
trap remove EXIT
trap 'exit 1' INT TERM

now() { date +%s%3N; }

# start OPTION… IMAGE: starts a node, as $node.
start() { node=$(docker run --detach "$@"); }

# await_ready IMAGE
await_ready() {
  end=$(($(now) + 180000))
  until docker logs "$node" 2>&1 | grep -q '^appliance | ready'; do
    [ "$(now)" -lt "$end" ] || { echo "$1: not ready within three minutes" >&2; exit 1; }
    sleep 0.2
  done
}

# Milliseconds of all the node's processes since its start, from cgroup v1 or v2.
cpu() {
  usage=$(docker exec "$node" sh -c 'cat /sys/fs/cgroup/cpuacct/cpuacct.usage 2>/dev/null || cat /sys/fs/cgroup/cpu.stat') || return
  milliseconds=$(printf '%s\n' "$usage" | awk 'NF == 1 { print int($1 / 1e6) } /^usage_usec/ { print int($2 / 1000) }')
  [ -n "$milliseconds" ] || { echo "no cgroup with CPU times is known in $node" >&2; return 1; }
  echo "$milliseconds"
}

# result IMAGE ELAPSED CPU: both in milliseconds; ends the node.
result() {
  printf '%s\t%s ms\tcpu %s ms\n' "$1" "$2" "$3"
  remove
}

rounds() {
  round=0
  while [ "$round" -lt "${ROUNDS:-3}" ]; do
    for image in "$@"; do measure "$image"; done
    round=$((round + 1))
  done
}
