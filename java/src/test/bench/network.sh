#!/bin/bash
# The bench of networks: what packets cost on mydocker's way, against the same way made by hand of a
# bridge and veth pairs, without any rule. Both are measured in turns, in this one run.
#
#   host       iperf3 from the host to a container
#   containers from one container to another of its network
#   published  from a neighbour of the host to a published port; by hand to the container's address
#   udp        the same in packets a second: datagrams of 64 bytes, as many as come
#   requests   wrk from the neighbour to busybox's httpd at a published port: requests a second,
#              each over a connection of its own, so that each passes the rules of translation; by
#              hand to the container's address, to a port that one rule translates (translated), and
#              to one that podman has published
#
# And the start-up cost of a bridge: what run IMAGE true takes longer with the default network than
# with --network none, from the start to the end of all of it.
#
#   start      by the command line, while other containers are in the network; podman's likewise,
#              as its bridge and its rules stay when a container ends
#   start_lone the same where nobody else is in it, so that the bridge and the rules come and go
#   warm       the same two by an engine in a JVM that has run some hundred containers
#   warm_lone
#   until, until_lone  of these two only until the command runs
#
# Prints them and writes build/bench-network.json. Needs root; everything happens in network
# namespaces of its own: nothing is sent or changed on this machine's network. What is not installed
# is left out and named. RUNS sets how many runs (of 2 seconds each where packets are counted) a
# number is the median of, 5 when it is not set.
set -euo pipefail
cd "$(dirname "$0")/../../../.."

# lo of a namespace of our own; mounts of one as well, for the state of iproute2's names.
if [ "${1:-}" != inside ]; then
  exec unshare --net --mount --propagation private "$0" inside
fi

for program in iperf3 wrk jq nft; do
  if ! command -v "$program" >/dev/null; then
    echo "left out: networks ($program is not installed)" >&2
    exit 0
  fi
done

runs=${RUNS:-5}
seconds=2
work=$(mktemp -d "${TMPDIR:-/tmp}/mydocker-bench.XXXXXX")
results=$work/results # lines: name, the figure of one run
export MYDOCKER_ROOT=$work/state MYDOCKER_RUN_ROOT=$work/run
mydocker() { java -jar mydocker.jar "$@"; }
archive=images/out/busybox.oci.tar
image=oci-archive:$archive
processes=()
podman=() # the command, when it can make a bridge here

finish() {
  mydocker ps -aq | xargs -r java -jar mydocker.jar rm -f >/dev/null || true
  if [ -d "$work/podman" ]; then
    in_ns "$podhost" "${podman[@]}" system reset --force >/dev/null ||
      echo "podman's containers are not removed" >&2
    # Podman binds its storage to itself; after a failure that mount is still here.
    if mountpoint -q "$work/podman/overlay"; then umount "$work/podman/overlay"; fi
  fi
  kill "${processes[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

# namespace NAME: one with lo; its process is $NAME.
namespace() {
  unshare --net sleep 10000 </dev/null >/dev/null 2>&1 &
  processes+=($!)
  printf -v "$1" %s $!
  while [ "$(readlink "/proc/$!/ns/net")" = "$(readlink /proc/$$/ns/net)" ]; do sleep 0.05; done
  in_ns $! ip link set lo up
}

in_ns() { nsenter --net="/proc/$1/ns/net" -- "${@:2}"; }

# wire PID LINK PID LINK: a veth pair between two namespaces; PID self is this one.
wire() { in_ns "$1" ip link add "$2" type veth peer name "$4" netns "$3"; }

address() {
  in_ns "$1" ip addr add "$3" dev "$2"
  in_ns "$1" ip link set "$2" up
}

# serve PID: what is measured, in a container's namespace or one made by hand.
serve() {
  # Not by in_ns: what is killed at the end must be the server, not a shell that waits for it.
  nsenter --net="/proc/$1/ns/net" iperf3 --server --port 5201 </dev/null >/dev/null 2>&1 &
  processes+=($!)
  nsenter --net="/proc/$1/ns/net" busybox httpd -f -p 8080 -h "$work/www" </dev/null >/dev/null 2>&1 &
  processes+=($!)
}

# ---- by mydocker ------------------------------------------------------------------------------------

mkdir "$work/www"
head -c 1000 /dev/zero >"$work/www/page"
ip link set lo up
namespace neighbour
wire $$ lan "$neighbour" lan
address $$ lan 192.0.2.1/24
address "$neighbour" lan 192.0.2.2/24
mydocker run -d --name one -p 5201:5201 -p 5201:5201/udp -p 8080:8080 "$image" sleep 10000 >/dev/null
mydocker run -d --name two "$image" sleep 10000 >/dev/null
one=$(mydocker inspect -f '{{.State.Pid}}' one)
two=$(mydocker inspect -f '{{.State.Pid}}' two)
ours=$(mydocker inspect -f '{{.NetworkSettings.Networks.bridge.IPAddress}}' one)
serve "$one"

# ---- by hand: another host with its neighbour, a bridge and two veth pairs --------------------------

namespace host
namespace friend
namespace first
namespace second
wire "$host" lan "$friend" lan
address "$host" lan 192.0.2.1/24
address "$friend" lan 192.0.2.2/24
in_ns "$host" ip link add switch type bridge
address "$host" switch 10.99.0.1/24
for peer in first second; do
  wire "$host" "$peer" "${!peer}" eth0
  in_ns "$host" ip link set "$peer" master switch up
done
address "$first" eth0 10.99.0.2/24
address "$second" eth0 10.99.0.3/24
in_ns "$first" ip route add default via 10.99.0.1
in_ns "$friend" ip route add default via 192.0.2.1
in_ns "$host" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
serve "$first"
sleep 1

# ---- by podman: a host of its own, with a neighbour ---------------------------------------------------

# by_podman NETWORK: removes the container when it ends. The limits are below podman's, which only a
# process with CAP_SYS_RESOURCE may set.
limits=(--ulimit nofile=1024:1024 --ulimit nproc=1024:1024)
by_podman() { in_ns "$podhost" "${podman[@]}" run --rm --network "$1" "${limits[@]}" "$podimage" true; }

# Its own storage, and a /var/lib and a /run/netns that only this bench sees, for its plugins' addresses
# and its namespaces' names. Some versions of crun refuse a host that has cgroup v1 and v2 side by side.
with_podman() {
  namespace podhost
  namespace podfriend
  wire "$podhost" lan "$podfriend" lan
  address "$podhost" lan 192.0.2.1/24
  address "$podfriend" lan 192.0.2.2/24
  if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi
  mkdir -p /run/netns
  mount -t tmpfs none /run/netns
  mount -t tmpfs none /var/lib
  podman=(podman --root "$work/podman" --runroot "$work/podman-run" --cgroup-manager cgroupfs --runtime crun)
  podimage=$("${podman[@]}" load --quiet --input "$archive" | sed 's/^Loaded image: *//')
  by_podman none >/dev/null 2>"$work/podman.log" && by_podman bridge >/dev/null 2>"$work/podman.log" || return 1
  in_ns "$podhost" "${podman[@]}" run -d --name served -p 8080:8080 "${limits[@]}" "$podimage" \
    sleep 10000 >/dev/null
  serve "$("${podman[@]}" inspect -f '{{.State.Pid}}' served)"
}

has_podman=
if ! command -v podman >/dev/null || ! command -v crun >/dev/null; then
  echo "left out: podman (podman or crun is not installed)" >&2
elif with_podman; then
  has_podman=yes
else
  echo "left out: podman (it makes no bridge here: $(tail -n 1 "$work/podman.log"))" >&2
fi
sleep 1

# ---- what is measured -------------------------------------------------------------------------------

# Megabits a second.
iperf() {
  local ms
  ms=$(in_ns "$2" iperf3 --client "$3" --time $seconds --json | jq '.end.sum_received.bits_per_second / 1e6')
  echo "$1 $ms" >>"$results"
}

# Datagrams that arrive, a second.
datagrams() {
  local n
  n=$(in_ns "$2" iperf3 --client "$3" --udp --length 64 --bitrate 0 --time $seconds --json |
    jq '(.end.sum.packets - .end.sum.lost_packets) / .end.sum.seconds')
  echo "$1 $n" >>"$results"
}

requests() {
  local n
  n=$(in_ns "$2" wrk --threads 1 --connections 8 --duration ${seconds}s \
    --header 'Connection: close' "http://$3:8080/page" | awk '/^Requests\/sec/ { print $2 }')
  echo "$1 $n" >>"$results"
}

# The same by a rule made by hand, which is there only meanwhile.
translated() {
  in_ns "$host" nft -f - <<'END'
table ip hand {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local tcp dport 8080 dnat to 10.99.0.2:8080
  }
}
END
  requests translated "$friend" 192.0.2.1
  in_ns "$host" nft delete table ip hand
}

# took NAME COMMAND: milliseconds of one run.
took() {
  local begin end
  begin=$(date +%s%N)
  "${@:2}" </dev/null >/dev/null
  end=$(date +%s%N)
  echo "$1 $(((end - begin) / 1000000))" >>"$results"
}

# starts NAME: by the command line, in turns.
starts() {
  took "$1" mydocker run --rm "$image" true
  took "${1}_none" mydocker run --rm --network none "$image" true
}

# warm SUFFIX: by an engine that has run many, in turns; its medians.
warm() {
  local network whole until
  java -cp mydocker.jar:target/test-classes dev.mydocker.bench.LaunchBench \
    "$image" $((runs * 10)) 0 run bridge none | for network in '' _none; do
      read -r whole until
      echo "warm$1$network $whole" >>"$results"
      echo "until$1$network $until" >>"$results"
    done
}

for _ in $(seq "$runs"); do
  iperf host $$ "$ours"
  iperf plain_host "$host" 10.99.0.2
  iperf containers "$two" "$ours"
  iperf plain_containers "$second" 10.99.0.2
  iperf published "$neighbour" 192.0.2.1
  iperf plain_published "$friend" 10.99.0.2
  datagrams udp "$neighbour" 192.0.2.1
  datagrams plain_udp "$friend" 10.99.0.2
  requests requests "$neighbour" 192.0.2.1
  requests plain_requests "$friend" 10.99.0.2
  translated
  if [ -n "$has_podman" ]; then requests podman_requests "$podfriend" 192.0.2.1; fi
  starts start
  if [ -n "$has_podman" ]; then
    took podman by_podman bridge
    took podman_none by_podman none
  fi
done
warm ''
mydocker rm -f one two >/dev/null
warm _lone
for _ in $(seq "$runs"); do starts start_lone; done

median() {
  awk -v name="$1" '$1 == name { print $2 }' "$results" | sort -n |
    awk '{ all[NR] = $1 } END { print NR % 2 ? all[(NR + 1) / 2] : (all[NR / 2] + all[NR / 2 + 1]) / 2 }'
}

for what in host containers published udp requests; do
  case $what in
    udp) unit='datagrams/s' ;;
    requests) unit='requests/s' ;;
    *) unit='Mbit/s' ;;
  esac
  echo "$what by_hand $(median $what) $(median plain_$what) $unit"
done >"$work/lines"
echo "requests translated $(median requests) $(median translated) requests/s" >>"$work/lines"
if [ -n "$has_podman" ]; then
  echo "requests podman $(median requests) $(median podman_requests) requests/s" >>"$work/lines"
fi
awk '{ printf "%s/%s %.2f (%.0f %s, %.0f)\n", $1, $2, $3 / $4, $3, $5, $4 }' "$work/lines"

for what in start start_lone warm warm_lone until until_lone ${has_podman:+podman}; do
  echo "$what $(median "$what") $(median "${what}_none")"
done >"$work/starts"
awk '{ printf "%s: a bridge adds %.1f ms, ratio %.2f (%.1f ms, %.1f)\n", $1, $2 - $3, $2 / $3, $2, $3 }' \
  "$work/starts"

mkdir -p build
jq -Rn '[inputs | split(" ") | {(.[0] + "/" + .[1]): {
  ratio: ((.[2] | tonumber) / (.[3] | tonumber)), mydocker: (.[2] | tonumber),
  other: (.[3] | tonumber), unit: .[4]}}] | add' <"$work/lines" >"$work/packets.json"
jq -Rn '[inputs | split(" ") | {(.[0]): {
  added_ms: ((.[1] | tonumber) - (.[2] | tonumber)),
  ratio: ((.[1] | tonumber) / (.[2] | tonumber)), bridge_ms: (.[1] | tonumber),
  none_ms: (.[2] | tonumber)}}] | add | {bridge: .}' <"$work/starts" |
  jq -s 'add' "$work/packets.json" - >build/bench-network.json
echo "build/bench-network.json"
