#!/bin/bash
# The bench of networks: what packets cost on mydocker's way, against the same way made by hand of a
# bridge and veth pairs, without any rule. Both are measured in turns, in this one run.
#
#   host       iperf3 from the host to a container
#   containers from one container to another of its network
#   published  from a neighbour of the host to a published port; by hand to the container's address
#   udp        the same in packets a second: datagrams of 64 bytes, as many as come
#   requests   wrk from the neighbour to busybox's httpd at a published port: requests a second,
#              each over a connection of its own, so that each passes the rules of translation
#   start      run --rm IMAGE true with a network, against --network none: seconds
#
# Prints them and writes build/bench-network.json. Needs root; everything happens in network
# namespaces of its own: nothing is sent or changed on this machine's network. RUNS sets how many
# runs of 2 seconds a number is the median of, 5 when it is not set.
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
image=oci-archive:images/out/busybox.oci.tar
processes=()

finish() {
  mydocker ps -aq | xargs -r java -jar mydocker.jar rm -f >/dev/null || true
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

start() {
  local begin end
  begin=$(date +%s%N)
  mydocker run --rm --network "$2" "$image" true
  end=$(date +%s%N)
  echo "$1 $(((end - begin) / 1000000))" >>"$results"
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
  start start bridge
  start plain_start none
done

median() {
  awk -v name="$1" '$1 == name { print $2 }' "$results" | sort -n |
    awk '{ all[NR] = $1 } END { print NR % 2 ? all[(NR + 1) / 2] : (all[NR / 2] + all[NR / 2 + 1]) / 2 }'
}

for what in host containers published udp requests start; do
  case $what in
    udp) unit='datagrams/s' ;;
    requests) unit='requests/s' ;;
    start) unit=ms ;;
    *) unit='Mbit/s' ;;
  esac
  echo "$what $(median $what) $(median plain_$what) $unit"
done | tee "$work/lines" | awk '{ printf "%s/by_hand %.2f (%.0f %s, %.0f)\n", $1, $2 / $3, $2, $4, $3 }'

mkdir -p build
jq -Rn '[inputs | split(" ") | {(.[0]): {
  ratio: ((.[1] | tonumber) / (.[2] | tonumber)), mydocker: (.[1] | tonumber),
  by_hand: (.[2] | tonumber), unit: .[3]}}] | add' <"$work/lines" >build/bench-network.json
echo "build/bench-network.json"
