#!/bin/sh
# Whether Envoy has done what a deployment waits for: instance-state.sh STATE ADDRESS ADMIN, with the address of an instance of
# the api and Envoy's administration socket. Exit code 0: yes; 1: not yet, with a sentence. States:
# spare: taking it out leaves a healthy instance, or it is not healthy itself, or it is the only one
# out: it gets no requests, by a deployment
# drained: it gets no requests, and none is under way there
# in: it passes its health checks and gets requests
set -eu
state=$1 address=$2
clusters=$(curl --silent --show-error --fail --max-time 5 --unix-socket "$3" http://admin/clusters)

found() { # found OWN KEY: the different values of this instance (OWN is 1), or of the others (0)
  printf '%s\n' "$clusters" |
    awk -F:: -v own="$1" -v address="$address" -v key="$2" \
      '$1 == "api" && ($2 == address) == own && $3 == key { print $4 }' | sort -u
}

not_yet() {
  echo "$address is not $state: $1" >&2
  exit 1
}

health=$(found 1 health_flags)
[ -n "$health" ] || not_yet "Envoy does not know it"
case "$state" in
  spare)
    others=$(found 0 health_flags)
    [ "$health" != healthy ] || [ -z "$others" ] || printf '%s\n' "$others" | grep -qx healthy || not_yet "the others have $others"
    ;;
  out | drained)
    if printf '%s\n' "$health" | grep -qv 'eds_status_draining\|failed_eds_health'; then not_yet "it may get requests"; fi
    [ "$state" = drained ] || exit 0
    under_way=$(found 1 rq_active)
    [ "$under_way" = 0 ] || not_yet "requests are under way"
    ;;
  in) [ "$health" = healthy ] || not_yet "it has $health" ;;
  *) not_yet "no such state" ;;
esac
