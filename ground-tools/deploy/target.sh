# The board's side of `perigee deploy`: sent over ssh, run as `sh -s -- <verb> <home> …`. Answers in lines `name=value`.
# Every step leaves the old release or the new one current, whole: files are written beside and renamed, and are on the
# medium before a link names them.
set -u
verb=$1
home=$2

die() {
  echo "$1" >&2
  exit 1
}

switch_to() { # releases/<id>
  sync
  ln -sfn "$1" current.new && mv -T current.new current || die "the link $home/current cannot be written"
  sync
}

with_systemd() {
  [ -d /run/systemd/system ] && [ -e current/perigee.service ]
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Installs the unit of the current release if it is another, and starts whatever is current afresh.
restart() {
  if with_systemd; then
    unit=/etc/systemd/system/perigee.service
    if ! cmp -s current/perigee.service "$unit"; then
      as_root cp current/perigee.service "$unit.new" && as_root mv "$unit.new" "$unit" &&
        as_root systemctl daemon-reload && as_root systemctl enable --quiet perigee || die "the unit cannot be installed: needs root, or sudo without a password"
    fi
    as_root systemctl restart perigee || die "systemctl restart perigee failed"
    return
  fi
  stop
  setsid current/start.sh respawn </dev/null >>flight.log 2>&1 &
  echo $! >flight.pid
}

# After a reboot the number may be another program's.
flies() { # <pid>
  grep -qs start.sh "/proc/$1/cmdline"
}

# Ends what was started without systemd, gently first.
stop() {
  pid=$(cat flight.pid 2>/dev/null) || return 0
  waited=0
  flies "$pid" && kill -TERM "$pid" 2>/dev/null
  while flies "$pid"; do
    [ $waited -ge 10 ] && kill -KILL -- "-$pid" 2>/dev/null
    sleep 1
    waited=$((waited + 1))
  done
  rm -f flight.pid
}

state() {
  echo "current=$(basename "$(readlink current 2>/dev/null)")"
  echo "previous=$(basename "$(readlink previous 2>/dev/null)")"
  echo "trial=$(cat trial 2>/dev/null)"
  echo "rolledBack=$(cat rolled-back 2>/dev/null)"
  for release in releases/*/; do
    [ -e "$release/manifest.sha256" ] && echo "release=$(basename "$release")"
  done
}

# Waits until the release on trial is decided, or for so many seconds.
await() {
  seconds=$1
  while [ -e trial ] && [ "$seconds" -gt 0 ]; do
    sleep 1
    seconds=$((seconds - 1))
  done
  state
}

if [ "$verb" = probe ]; then
  echo "system=$(uname -s)"
  echo "machine=$(uname -m)"
  mkdir -p "$home/releases" "$home/incoming" "$home/data" 2>/dev/null && [ -w "$home" ] || die "$home cannot be written"
  cd "$home" || exit 1
  node=$(command -v node) && echo "node=$node" && echo "nodeVersion=$("$node" --version)"
  for tool in rsync sha256sum; do command -v $tool >/dev/null || die "$tool is not there"; done
  echo "freeKiB=$(df -Pk . | awk 'NR == 2 { print $4 }')"
  echo "home=$(pwd -P)"
  echo "user=$(id -un)"
  state
  exit 0
fi

cd "$home" || exit 1
case $verb in
  # activate <id> <sha256 of the manifest> <files>: checks what has arrived, and puts it on trial.
  activate)
    id=$3
    cd incoming || exit 1
    echo "$4  manifest.sha256" | sha256sum -c --status - 2>/dev/null || { echo "corrupt=manifest.sha256"; exit 3; }
    sha256sum -c --quiet manifest.sha256 2>/dev/null >../corrupt || { echo "corrupt=$(head -n 1 ../corrupt)"; exit 3; }
    found=$(find . -type f | wc -l)
    [ "$found" -eq $(($5 + 1)) ] || { echo "corrupt=$found files, not $(($5 + 1))"; exit 3; }
    cd ..
    rm -f corrupt
    mv -T incoming "releases/$id" || exit 1
    rm -f starts rolled-back
    { echo "$id" >trial.new && mv trial.new trial; } || die "the trial cannot be noted in $home"
    old=$(readlink current 2>/dev/null) && ln -sfn "$old" previous.new && mv -T previous.new previous
    switch_to "releases/$id"
    restart
    state
    ;;
  await) await "$3" ;;
  # Back to the previous release, which becomes current as the current one becomes previous.
  rollback)
    old=$(readlink current) back=$(readlink previous)
    [ -n "$back" ] && [ -e "$back/start.sh" ] || { echo "none=yes"; exit 4; }
    rm -f starts trial
    switch_to "$back"
    ln -sfn "$old" previous.new && mv -T previous.new previous
    [ "${3-}" = "" ] || echo "$(basename "$old") $3" >rolled-back
    restart
    # After it: what flew strokes until it has ended.
    rm -f data/health.json
    seconds=60
    while [ ! -e data/health.json ] && [ $seconds -gt 0 ]; do
      sleep 1
      seconds=$((seconds - 1))
    done
    [ -e data/health.json ] && echo healthy=yes
    state
    ;;
  # All releases but the current and the previous one go.
  prune)
    for release in releases/*; do
      [ "$release" = "$(readlink current)" ] || [ "$release" = "$(readlink previous)" ] || rm -rf "$release"
    done
    ;;
  list) state ;;
  stop) stop ;;
esac
