#!/bin/sh
# Flies this release until it ends, and decides here, on the board, whether a release on trial stays: when the flight
# software has not stroked its watchdog before the deadline, or ended three times before, the previous release takes
# over. A ground that is gone, a kill or a power cut change nothing of it.
#
# With `respawn` (boards without systemd) it starts again whatever flies, as systemd does.
#
#   <home>/releases/<id>/   this release           <home>/current, previous   links to releases
#   <home>/data/            what the flight keeps  <home>/trial               the release on trial
#   <home>/starts           starts of the trial    <home>/rolled-back         the release that failed last, and why
set -u
release=$(cd "$(dirname "$0")" && pwd -P)
home=${release%/releases/*}
id=${release##*/}
cd "$home" || exit 1

if [ "${1-}" = respawn ]; then
  stopped= child=
  trap 'stopped=yes; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM INT
  while [ -z "$stopped" ]; do
    current/start.sh & child=$!
    # A signal ends the first wait; the second is for the child.
    wait "$child"
    wait "$child"
    [ -n "$stopped" ] || sleep 1
  done
  exit 0
fi

MISSION= NODE= DEADLINE_S=60
. "$release/release.env"
case $NODE in /*) ;; *) NODE=$release/$NODE ;; esac
health=data/health.json
max_starts=3

on_trial() {
  [ "$(cat trial 2>/dev/null)" = "$id" ]
}

# Goes on as the previous release, where there is one.
fall_back() {
  echo "$id $1" >rolled-back.new && mv rolled-back.new rolled-back
  if [ -e previous/start.sh ]; then
    ln -sfn "$(readlink previous)" current.new && mv -T current.new current
  fi
  rm -f starts trial
  sync
  echo "perigee: $id is rolled back: $1" >&2
  [ "$(readlink current)" = "releases/$id" ] && exit 1
  exec current/start.sh
}

if on_trial; then
  echo start >>starts
  [ "$(wc -l <starts)" -gt $max_starts ] && fall_back "it ended $max_starts times before it was healthy"
fi

mkdir -p data
rm -f "$health"
"$NODE" "$release/dist/fsw/launch.js" fly "$MISSION" "{\"board\":\"flight\",\"out\":\"$home/data\"}" </dev/null &
flight=$!
trap 'kill -TERM "$flight" 2>/dev/null' TERM INT

seconds=0
seen=
while kill -0 "$flight" 2>/dev/null; do
  sleep 1 &
  wait $!
  seconds=$((seconds + 1))
  stroke=$(cat "$health" 2>/dev/null)
  if [ -n "$stroke" ] && [ "$stroke" != "$seen" ]; then
    seen=$stroke
    alive=yes
    if on_trial; then
      rm -f starts trial
      sync
    fi
  else
    alive=
    [ "$seconds" -lt "$DEADLINE_S" ] && alive=yes
  fi
  # systemd's own watchdog: it restarts us when the strokes stop.
  [ -n "$alive" ] && [ -n "${NOTIFY_SOCKET-}" ] && systemd-notify WATCHDOG=1
  if on_trial && [ "$seconds" -ge "$DEADLINE_S" ]; then
    kill -KILL "$flight" 2>/dev/null
    wait "$flight"
    fall_back "it was not healthy after $DEADLINE_S s"
  fi
done
wait "$flight"
