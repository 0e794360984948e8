#!/bin/bash
# The bench: every number is a ratio of two programs measured side by side in this one run.
#
#   cli     mydocker run --rm IMAGE true, against a bare JVM's hello world, podman with crun, docker
#   launch  a whole container of /bin/true from a warm JVM, with an empty heap (launch) and with
#           2 GB in use (launch_2g), against crun run and runc run of the same root and namespaces
#   exec    /bin/true in a running container from a warm JVM, against crun exec and runc exec
#   detach  50 times run -d, one after the other, and 8 at a time (detach_8), against podman, docker
#   last_50 of 300 containers that run at once, the last 50 starts against the first 50
#   log     300 MB in lines of 120 characters from run -d to the log, against podman, docker; cat
#           gives them, as the program that writes must not be what is measured
#
# Prints them and writes build/bench.json. Needs root; what is not installed is left out and named.
# RUNS sets how many runs a number is the median of; detach and log are of a tenth as many.
set -euo pipefail
cd "$(dirname "$0")/../../../.."

# Some versions of crun refuse a host that has cgroup v1 and v2 side by side. All that is measured
# runs in a mount namespace where v2 is not mounted: nothing changes outside of it.
if [ "${1:-}" != inside ]; then
  exec unshare --mount --propagation private "$0" inside
fi
if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi

archive=images/out/busybox.oci.tar
runs=${RUNS:-30}
work=$(mktemp -d "${TMPDIR:-/tmp}/mydocker-bench.XXXXXX")
results=$work/results # lines: name, median in milliseconds
export MYDOCKER_ROOT=$work/state MYDOCKER_RUN_ROOT=$work/run

remove= # what removes the containers that stay

finish() {
  eval "$remove" || true
  # Podman binds its storage to itself; after a failure that mount is still here.
  if mountpoint -q "$work/podman/overlay"; then umount "$work/podman/overlay"; fi
  rm -rf "$work"
}
trap finish EXIT

left_out() { echo "left out: $1" >&2; }

# measure NAME COMMAND: adds the median of its runs, in milliseconds.
measure() {
  if ! hyperfine --shell=none --warmup 3 --runs "$runs" --export-json "$work/one.json" "$2" \
    >"$work/log" 2>&1; then
    cat "$work/log" >&2
    exit 1
  fi
  jq -r --arg name "$1" '"\($name) \(.results[0].median * 1000)"' "$work/one.json" >>"$results"
}

# staying_by PREFIX PROGRAM FLAGS: containers that stay, started one after the other and 8 at a time,
# and one that prints. What a run has made is removed before the next, and at the end; podman's rm -f
# would wait ten seconds for each to heed a signal.
staying_by() {
  local start="$2 run -d --network none $3"
  remove="sh -c '$2 ps -aq | xargs -r $2 rm -f ${4:-} >/dev/null'"
  cat >"$work/print" <<END
id=\$($2 run -d --network none -v $work/lines:/lines:ro $3 cat /lines)
$2 wait "\$id"
END
  staying "${1}detach" "sh -c 'seq 50 | xargs -I N $start sleep 1000'"
  staying "${1}detach_8" "sh -c 'seq 50 | xargs -P 8 -I N $start sleep 1000'"
  staying "${1}log" "sh $work/print"
  if [ -z "$1" ]; then many "$start sleep 1000"; fi
  remove=
}

# many START: 300 containers at once, by the time of each 50 starts.
many() {
  local part start now
  for part in first_50 '' '' '' '' last_50; do
    start=$(date +%s%N)
    seq 50 | xargs -I N sh -c "$1" >/dev/null
    now=$(date +%s%N)
    if [ -n "$part" ]; then echo "$part $(((now - start) / 1000000))" >>"$results"; fi
  done
  eval "$remove"
}

# staying NAME COMMAND
staying() {
  if ! hyperfine --shell=none --warmup 1 --runs $((runs > 29 ? runs / 10 : 3)) --prepare "$remove" \
    --cleanup "$remove" --export-json "$work/one.json" "$2" >"$work/log" 2>&1; then
    cat "$work/log" >&2
    exit 1
  fi
  jq -r --arg name "$1" '"\($name) \(.results[0].median * 1000)"' "$work/one.json" >>"$results"
}

cli() {
  head -c 300000000 < <(yes "$(printf '%0119d' 0)") >"$work/lines"
  mkdir "$work/classes"
  cat >"$work/Hello.java" <<'END'
public class Hello {
  public static void main(String[] arguments) {
    System.out.println("hello");
  }
}
END
  javac -d "$work/classes" "$work/Hello.java"
  measure jvm "java -cp $work/classes Hello"
  make --silent install PREFIX="$work/installed"
  local mydocker=$work/installed/bin/mydocker
  "$mydocker" tag "$("$mydocker" load --quiet --input "$archive" | sed 's/^Loaded image[^:]*: *//')" bench
  measure cli "$mydocker run --rm --network none bench true"
  measure cli_jar "java -jar mydocker.jar run --rm --network none bench true"
  staying_by "" "$mydocker" bench
}

# Its own storage, and limits below those of this shell: podman's defaults are above them, which
# only a process with CAP_SYS_RESOURCE may set.
cli_podman() {
  local podman="podman --root $work/podman --runroot $work/podman-run --cgroup-manager cgroupfs --runtime crun"
  local image
  image=$($podman load --quiet --input "$archive" | sed 's/^Loaded image: *//')
  measure podman "$podman run --rm --network none \
    --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 $image true"
  staying_by podman_ "$podman" "--log-driver k8s-file \
    --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 $image" "--time 0"
  $podman system reset --force >/dev/null
}

cli_docker() {
  local image
  image=$(docker load --quiet --input "$archive" | sed 's/^Loaded image[^:]*: *//')
  measure docker "docker run --rm --network none $image true"
  staying_by docker_ docker "$image"
  docker image rm "$image" >/dev/null
}

# A bundle of the same image, with the filter of system calls that mydocker gives a container.
bundle() {
  local id
  id=$("$work/installed/bin/mydocker" create --network none bench true)
  cp "$work/state/containers/$id/config.json" "$work/ours.json"
  "$work/installed/bin/mydocker" rm "$id" >/dev/null
  skopeo copy --quiet "oci-archive:$archive" "oci:$work/oci:bench"
  umoci unpack --image "$work/oci:bench" "$work/bundle" >/dev/null
  (
    cd "$work/bundle"
    rm config.json
    runc spec
    jq --slurpfile ours "$work/ours.json" '.process.args = ["/bin/true"] |
      .process.terminal = false | del(.process.rlimits) | .linux.seccomp = $ours[0].linux.seccomp' \
      config.json >new.json
    mv new.json config.json
  )
}

# exec_by RUNTIME: /bin/true in a container of it that runs.
exec_by() {
  mkdir "$work/box"
  jq --arg root "$work/bundle/rootfs" '.root.path = $root | .process.args = ["sleep", "1000"]' \
    "$work/bundle/config.json" >"$work/box/config.json"
  "$1" run --detach --bundle "$work/box" mydocker-bench-exec </dev/null >/dev/null 2>&1
  measure "${1}_exec" "$1 exec mydocker-bench-exec /bin/true"
  "$1" delete --force mydocker-bench-exec
  rm -r "$work/box"
}

# launch NAME HEAP_MIB [run|exec]: the median of a warm JVM's launches.
launch() {
  local options="-Xms$(($2 + 512))m -Xmx$(($2 + 512))m"
  # shellcheck disable=SC2086 # options are words
  ms=$(java $options -cp mydocker.jar:target/test-classes dev.mydocker.bench.LaunchBench \
    bench "$((runs * 5))" "$2" "${3:-run}")
  echo "$1 ${ms% *}" >>"$results"
}

# ratio NAME OVER: a line of the report, when both were measured.
ratio() {
  awk -v a="$1" -v b="$2" '{ ms[$1] = $2 }
    END { if (a in ms && b in ms) printf "%s/%s %.2f (%.1f ms, %.1f ms)\n", a, b, ms[a] / ms[b], ms[a], ms[b] }' \
    "$results" | tee -a "$work/ratios"
}

cli
if command -v podman >/dev/null; then cli_podman; else left_out podman; fi
if docker version >/dev/null 2>&1; then cli_docker; else left_out "docker (no daemon answers)"; fi

bundle
for runtime in crun runc; do
  if command -v "$runtime" >/dev/null; then
    measure "$runtime" "$runtime run --bundle $work/bundle mydocker-bench"
    exec_by "$runtime"
  else
    left_out "$runtime"
  fi
done

launch launch 0
launch launch_2g 2048
launch exec 0 exec

for other in jvm podman docker; do ratio cli "$other"; done
ratio cli_jar jvm
for other in crun runc; do ratio launch "$other"; done
ratio launch_2g launch
for other in crun runc; do ratio exec "${other}_exec"; done
ratio last_50 first_50
for what in detach detach_8 log; do
  for other in podman docker; do ratio "$what" "${other}_$what"; done
done

mkdir -p build
jq -Rn '{medians_ms: [inputs | split(" ") | {(.[0]): (.[1] | tonumber)}] | add}' <"$results" \
  >"$work/medians.json"
jq -R 'split(" ") | {(.[0]): (.[1] | tonumber)}' <"$work/ratios" | jq -s '{ratios: add}' |
  jq -s 'add' - "$work/medians.json" >build/bench.json
echo "build/bench.json"
