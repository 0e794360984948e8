#!/bin/bash
# The bench of pulling: an image of 8 layers of package files, about 400 MB of gzip, from a registry
# on the loopback address, by mydocker (the launcher and the bare jar), by podman, by skopeo and
# umoci, and by docker where a daemon answers. They take turns in this one run.
#
# Prints ratios of elapsed and of processor time and mydocker's peak memory, and writes
# build/bench-pull.json. Needs root; what is not installed is left out and named. RUNS sets how many
# runs a number is the median of, 3 when it is not set. The image is made once, of this host's package
# files, in build/bench/image.
#
# Each pull but docker's has an ext4 of its own, made for it: on one
# that was worked with, what was removed in the last minutes, by whomever, decides (ext4 passes over the
# inodes that were freed then).
set -euo pipefail
cd "$(dirname "$0")/../../../.."

runs=${RUNS:-3}
image=build/bench/image
work=$(mktemp -d "${TMPDIR:-/tmp}/mydocker-bench.XXXXXX")
results=$work/results # lines: name, elapsed seconds, processor seconds, peak KiB
disk=$work/disk # where the ext4 of the pull that is measured is mounted
registry=

make_disk() {
  truncate -s 4G "$work/ext4"
  mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "$work/ext4"
  mkdir -p "$disk"
  mount -o loop "$work/ext4" "$disk"
}

drop_disk() {
  # Podman binds its storage to itself.
  if mountpoint -q "$disk/storage/overlay"; then umount "$disk/storage/overlay"; fi
  umount "$disk"
  rm "$work/ext4"
}

finish() {
  if [ -n "$registry" ]; then kill "$registry" && wait "$registry" || true; fi
  if mountpoint -q "$disk"; then drop_disk; fi
  rm -rf "$work"
}
trap finish EXIT

# The files of this host's packages, packages in an order that mixes them, as lines: the number of a
# layer, the name without its slash. No file over 32 MiB: one would make its layer the whole bench.
files() {
  local list
  for list in /var/lib/dpkg/info/*.list; do
    echo "$(basename "$list" | cksum | cut -d' ' -f1) $list"
  done | sort -n | cut -d' ' -f2 | xargs cat 2>/dev/null | awk '/^\/usr\// && !seen[$0]++' |
    tr '\n' '\0' | xargs -0 stat -c '%F|%s|%i|%n' 2>/dev/null |
    awk -F'|' -v most=1000000000 '
      $1 == "directory" || $2 > 32 * 1048576 { next }
      { if (!inode[$3]++) sum += $2 + 512 }
      sum < most { print int(sum * 8 / most), substr($4, 2) }' || true
}

# layer N: the files of one layer and the directories that they are in, to $work/N.tar and .tar.gz.
layer() {
  awk -v n="$1" '$1 == n {
      name = substr($0, 3)
      print name
      while (match(name, /\/[^\/]*$/)) {
        name = substr(name, 1, RSTART - 1)
        if (known[name]++) break
        print name
      }
    }' "$work/files" | LC_ALL=C sort -u >"$work/$1.list"
  tar -C / -c --format=gnu --no-recursion --verbatim-files-from -T "$work/$1.list" --numeric-owner \
    -f "$work/$1.tar"
  gzip -n6 <"$work/$1.tar" >"$work/$1.tar.gz"
}

# blob FILE: moves it to where its digest says, and prints digest and size as JSON members.
blob() {
  local digest
  digest=$(sha256sum "$1" | cut -d' ' -f1)
  printf '"digest":"sha256:%s","size":%s' "$digest" "$(wc -c <"$1")"
  mv "$1" "$image.new/blobs/sha256/$digest"
}

make_image() {
  rm -rf "$image.new"
  mkdir -p "$image.new/blobs/sha256"
  files >"$work/files"
  local n ids='' layers='' config manifest
  for n in 0 2 4 6; do
    layer $n &
    layer $((n + 1))
    wait $!
  done
  for n in 0 1 2 3 4 5 6 7; do
    ids+="${ids:+,}\"sha256:$(sha256sum "$work/$n.tar" | cut -d' ' -f1)\""
    rm "$work/$n.tar"
    layers+="${layers:+,}{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",$(blob "$work/$n.tar.gz")}"
  done
  echo "{\"architecture\":\"$(dpkg --print-architecture)\",\"os\":\"linux\",\"config\":{},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[$ids]}}" >"$work/config"
  config=$(blob "$work/config")
  echo "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",$config},\"layers\":[$layers]}" >"$work/manifest"
  manifest=$(blob "$work/manifest")
  echo "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",$manifest,\"annotations\":{\"org.opencontainers.image.ref.name\":\"bench\"}}]}" >"$image.new/index.json"
  echo '{"imageLayoutVersion":"1.0.0"}' >"$image.new/oci-layout"
  mv "$image.new" "$image"
}

# Whether the registry listens before it ends.
listens() {
  local try
  for try in $(seq 100); do
    if ! kill -0 "$registry" 2>/dev/null; then return 1; fi
    if (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return 0; fi
    sleep 0.1
  done
  return 1
}

# A registry with the image, on a port that is free.
start_registry() {
  local try port
  for try in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 10000))
    cat >"$work/registry.yml" <<END
version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $work/registry}}
http: {addr: "127.0.0.1:$port"}
END
    docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
    registry=$!
    if listens "$port"; then
      from=127.0.0.1:$port/bench/packages:latest
      skopeo --insecure-policy copy --quiet --dest-tls-verify=false "oci:$image:bench" \
        "docker://$from"
      return
    fi
  done
  cat "$work/registry.log" >&2
  exit 1
}

# measure NAME COMMAND...: what the command takes, with nothing left to write when it starts.
measure() {
  local name=$1
  shift
  sync
  if ! /usr/bin/time -q -o "$work/time" -f '%e %U %S %M' "$@" >"$work/log" 2>&1; then
    cat "$work/log" >&2
    exit 1
  fi
  awk -v name="$name" '{ print name, $1, $2 + $3, $4 }' "$work/time" >>"$results"
}

# mydocker NAME COMMAND...: a state of its own; a command before has put the library and the
# launcher's archive of classes there, as any user's has.
mydocker() {
  local name=$1
  shift
  make_disk
  export MYDOCKER_ROOT=$disk/root MYDOCKER_RUN_ROOT=$work/run
  "$@" images >/dev/null
  measure "$name" "$@" pull "$from"
  drop_disk
}

pull_podman() {
  make_disk
  measure podman podman --root "$disk/storage" --runroot "$work/podman-run" \
    pull --quiet --tls-verify=false "$from"
  drop_disk
}

pull_umoci() {
  make_disk
  measure umoci sh -c "skopeo --insecure-policy copy --quiet --src-tls-verify=false \
    docker://$from oci:$disk/oci:bench &&
    umoci unpack --image $disk/oci:bench $disk/bundle"
  drop_disk
}

pull_docker() {
  measure docker docker pull --quiet "$from"
  docker image rm "$from" >/dev/null
}

# median NAME COLUMN
median() {
  awk -v name="$1" -v column="$2" '$1 == name { print $column }' "$results" | sort -n |
    awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

if [ ! -e "$image" ]; then make_image; fi
start_registry
make --silent install PREFIX="$work/installed"

others=
if command -v podman >/dev/null; then others+=' podman'; else echo "left out: podman" >&2; fi
if command -v umoci >/dev/null; then others+=' umoci'; else echo "left out: umoci" >&2; fi
if docker version >/dev/null 2>&1; then
  others+=' docker'
else
  echo "left out: docker (no daemon answers)" >&2
fi

for run in $(seq "$runs"); do
  mydocker pull "$work/installed/bin/mydocker"
  for other in $others; do "pull_$other"; done
  mydocker pull_jar java -jar mydocker.jar
done

for name in pull pull_jar $others; do
  echo "$name $(median "$name" 2) $(median "$name" 3) $(median "$name" 4)"
done >"$work/medians"
awk '
  { elapsed[$1] = $2; processor[$1] = $3; peak[$1] = $4; order[NR] = $1 }
  END {
    for (i = 1; i <= 2; i++)
      for (j = 3; j <= NR; j++) {
        a = order[i]; b = order[j]
        printf "%s/%s %.2f (%.1f s, %.1f s), processor %.2f (%.1f s, %.1f s)\n", a, b,
          elapsed[a] / elapsed[b], elapsed[a], elapsed[b],
          processor[a] / processor[b], processor[a], processor[b]
      }
    for (i = 1; i <= 2; i++) printf "%s peak memory %.0f MB\n", order[i], peak[order[i]] * 1024 / 1e6
  }' "$work/medians"
jq -R 'split(" ") | {(.[0]): {elapsed_s: (.[1] | tonumber), processor_s: (.[2] | tonumber), peak_kib: (.[3] | tonumber)}}' \
  <"$work/medians" | jq -s '{image_bytes: $bytes, medians: add} |
    .ratios = ([.medians as $m | ("pull", "pull_jar") as $a |
      ($m | keys[] | select(startswith("pull") | not)) as $b |
      {"\($a)/\($b)": {elapsed: ($m[$a].elapsed_s / $m[$b].elapsed_s), processor: ($m[$a].processor_s / $m[$b].processor_s)}}] | add)' \
  --argjson bytes "$(du -sb "$image" | cut -f1)" >build/bench-pull.json
echo "build/bench-pull.json"
