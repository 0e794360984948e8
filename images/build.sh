#!/bin/sh
# Builds the images of this directory as OCI archives (an OCI image layout in a tar) in images/out.
# The same input gives the same bytes: sorted names, fixed times, gzip without a name.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=$here/out
epoch='2026-01-01 00:00:00Z'
created=2026-01-01T00:00:00Z

usage() {
  echo "usage: images/build.sh hello|busybox|debian|all" >&2
  exit 2
}

# Go's name of this machine's architecture, which OCI uses.
case $(uname -m) in
  x86_64) architecture=amd64 ;;
  aarch64) architecture=arm64 ;;
  armv7l) architecture=arm ;;
  i?86) architecture=386 ;;
  *) architecture=$(uname -m) ;;
esac

work=$(mktemp -d "${TMPDIR:-/tmp}/mydocker-image.XXXXXX")
trap 'rm -rf "$work"' EXIT

sha256() { sha256sum "$1" | cut -d' ' -f1; }

# blob FILE: moves it to where its digest says, and prints digest and size as JSON members.
blob() {
  digest=$(sha256 "$1")
  size=$(wc -c <"$1")
  mv "$1" "$work/layout/blobs/sha256/$digest"
  printf '"digest":"sha256:%s","size":%s' "$digest" "$size"
}

# archive NAME CONFIG: makes NAME.oci.tar of $work/layer.tar; CONFIG is the config's JSON.
archive() {
  name=$1
  mkdir -p "$work/layout/blobs/sha256" "$out"
  diff_id=$(sha256 "$work/layer.tar")
  gzip -n9 <"$work/layer.tar" >"$work/layer.tar.gz"
  layer=$(blob "$work/layer.tar.gz")
  printf '{"created":"%s","architecture":"%s","os":"linux","config":%s,"rootfs":{"type":"layers","diff_ids":["sha256:%s"]},"history":[{"created":"%s","created_by":"images/build.sh %s"}]}' \
    "$created" "$architecture" "$2" "$diff_id" "$created" "$name" >"$work/config"
  config=$(blob "$work/config")
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json",%s},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip",%s}]}' \
    "$config" "$layer" >"$work/manifest"
  manifest=$(blob "$work/manifest")
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",%s,"platform":{"architecture":"%s","os":"linux"},"annotations":{"org.opencontainers.image.ref.name":"latest"}}]}' \
    "$manifest" "$architecture" >"$work/layout/index.json"
  printf '{"imageLayoutVersion":"1.0.0"}' >"$work/layout/oci-layout"
  pack "$work/layout" "$work/$name.oci.tar" --owner=0 --group=0 --mode=u=rwX,go=rX
  mv "$work/$name.oci.tar" "$out/$name.oci.tar"
  rm -rf "$work/layout" "$work/layer.tar" "$work/root"
  echo "images/out/$name.oci.tar"
}

# pack DIRECTORY TAR OPTIONS...: the directory's content, names sorted, times fixed.
pack() {
  directory=$1
  tar=$2
  shift 2
  (cd "$directory" && find . -mindepth 1 -printf '%P\0' | LC_ALL=C sort -z |
    tar -c --format=gnu --no-recursion --null -T - --numeric-owner --mtime="$epoch" "$@" -f "$tar")
}

build_hello() {
  mkdir -p "$work/root"
  install -m 755 "$here/../build/images/hello" "$work/root/hello"
  mkdir -m 755 "$work/root/etc"
  echo 'root:x:0:0:root:/:/hello' >"$work/root/etc/passwd"
  echo 'root:x:0:' >"$work/root/etc/group"
  pack "$work/root" "$work/layer.tar" --owner=0 --group=0
  archive hello '{"Entrypoint":["/hello"],"Env":["PATH=/"],"WorkingDir":"/"}'
}

build_busybox() {
  busybox=$(command -v busybox) || {
    echo "images/build.sh: busybox: the program busybox is missing: install busybox-static" >&2
    exit 1
  }
  mkdir -p "$work/root"
  (
    cd "$work/root"
    mkdir -p bin dev etc home proc root run sys tmp usr/bin var
    chmod 755 bin dev etc home proc run sys usr usr/bin var
    chmod 1777 tmp
    chmod 700 root
    install -m 755 "$busybox" bin/busybox
    ./bin/busybox --list | while read -r applet; do
      if [ "$applet" != busybox ]; then ln -s busybox "bin/$applet"; fi
    done
    ln -s ../../bin/env usr/bin/env
    printf 'root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n' >etc/passwd
    printf 'root:x:0:\ndaemon:x:1:\ntty:x:5:\nnogroup:x:65534:\n' >etc/group
    chmod 644 etc/passwd etc/group
  )
  pack "$work/root" "$work/layer.tar" --owner=0 --group=0
  archive busybox '{"Cmd":["sh"],"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"WorkingDir":"/"}'
}

# The mirror that this machine's apt is set up with, for the release it runs.
mirror() {
  apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' 'Component: main' |
    while read -r uri release; do
      if [ "$release" = "$1" ]; then
        echo "$uri"
        break
      fi
    done
}

build_debian() {
  if [ "$(id -u)" -ne 0 ]; then
    echo "images/build.sh: debian: needs root, for the owners and device nodes in its layer" >&2
    exit 1
  fi
  # shellcheck disable=SC1091 # every distribution has it
  . /etc/os-release
  uri=$(mirror "$VERSION_CODENAME")
  if ! debootstrap --variant=minbase "$VERSION_CODENAME" "$work/root" "$uri" >"$work/log" 2>&1; then
    tail -n 20 "$work/log" >&2
    exit 1
  fi
  rm -rf "$work"/root/var/cache/apt/* "$work"/root/var/lib/apt/lists/* "$work"/root/var/log/* \
    "$work/root/etc/hostname" "$work/root/etc/resolv.conf" "$work/root/etc/machine-id" \
    "$work"/root/proc/* "$work"/root/sys/*
  pack "$work/root" "$work/layer.tar" --xattrs --xattrs-include='*'
  archive debian '{"Cmd":["bash"],"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"WorkingDir":"/"}'
}

case ${1:-} in
  hello) build_hello ;;
  busybox) build_busybox ;;
  debian) build_debian ;;
  all)
    build_hello
    build_busybox
    # Slow and always the same for a release: kept until images/out is removed.
    if [ ! -e "$out/debian.oci.tar" ]; then build_debian; fi
    ;;
  *) usage ;;
esac
