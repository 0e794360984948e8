#!/bin/sh
# Runs a command as root in a virtual machine with a Debian kernel, whatever this host's own is:
#
#   java/src/test/vm/run.sh [-f PATH]... COMMAND [ARGUMENT]...
#
# The machine's root is a tmpfs that holds busybox, and each PATH under the same name, with the
# libraries that programs in it need, and the kernel's modules that containers need. Its one cgroup
# hierarchy is v2, at /sys/fs/cgroup; with
# VM_CGROUP=1 there are those of v1 instead, two controllers sharing one. It has no network. Output
# comes out here, and the exit code is the command's; 125 when there was none.
# The kernel is unpacked once, below build/vm. VM_MEMORY (MiB) and VM_CPUS size the machine; it is
# emulated unless VM_ACCEL says kvm, which is not everywhere where there is a /dev/kvm.
set -eu
cd "$(dirname "$0")/../../../.."

files=
while getopts f: option; do
  case $option in
    f) files="$files $OPTARG" ;;
    *) sed -n '4p' "$0" >&2; exit 125 ;;
  esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || { sed -n '4p' "$0" >&2; exit 125; }

missing=
for program in qemu-system-x86_64:qemu-system-x86 cpio:cpio busybox:busybox-static; do
  command -v "${program%%:*}" >/dev/null || missing="$missing ${program#*:}"
done
[ -z "$missing" ] || { echo "missing; as root: apt-get install$missing" >&2; exit 125; }

vm=$PWD/build/vm
mkdir -p "$vm"
kernel() { ls "$vm"/kernel/boot/vmlinuz-* 2>/dev/null | tail -n 1; }
if [ -z "$(kernel)" ]; then
  package=$(apt-cache depends linux-image-cloud-amd64 | awk '$1 == "Depends:" { print $2; exit }')
  (cd "$vm" && apt-get download -qq "$package" && dpkg -x "$package"_*.deb kernel && rm -- *.deb)
fi

work=$(mktemp -d "$vm/run.XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/root
for directory in bin sbin dev etc mnt proc root sys tmp var/lib; do mkdir -p "$root/$directory"; done
echo root:x:0:0:root:/root:/bin/sh >"$root/etc/passwd"
echo root:x:0: >"$root/etc/group"
echo 127.0.0.1 localhost >"$root/etc/hosts"
# Not on the loopback, which no container with a network of its own is given.
echo nameserver 192.0.2.53 >"$root/etc/resolv.conf"
cp "$(command -v busybox)" "$root/bin/busybox"
for applet in $(busybox --list); do
  [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
# Whom the kernel asks for a module (/proc/sys/kernel/modprobe), as nft(8) has it do.
ln -s ../bin/busybox "$root/sbin/modprobe"

# The libraries of the ELF files among the given ones; ldd(1) fails for whatever else there is.
libraries() {
  find "$@" -type f \( -perm -100 -o -name '*.so*' \) -exec ldd {} + 2>/dev/null |
    awk '$2 == "=>" && $3 ~ "^/" { print $3 } $1 ~ "^/.*/ld-" { print $1 }' | sort -u
}
for file in $files $([ -z "$files" ] || libraries $files); do
  if [ ! -e "$root$file" ]; then
    mkdir -p "$root$(dirname "$file")"
    cp -rL "$file" "$root$file"
  fi
done

# The modules that containers need, with those that these need.
release=$(ls "$vm/kernel/lib/modules")
modules=lib/modules/$release
[ -e "$vm/kernel/$modules/modules.dep" ] || busybox depmod -b "$vm/kernel" "$release"
awk -F'[: ]+' -v wanted=' overlay fuse veth bridge nf_tables nft_chain_nat nft_masq nft_redir nft_ct
    nft_fib_inet nft_reject_inet ' 'BEGIN { gsub(/[ \n]+/, " ", wanted) }
    { name = $1; gsub(/.*\/|\.ko.*/, "", name); if (index(wanted, " " name " ")) for (i = 1; i <= NF; i++) print $i }' \
  "$vm/kernel/$modules/modules.dep" | sort -u | while read -r file; do
  [ -z "$file" ] || install -D -m 644 "$vm/kernel/$modules/$file" "$root/$modules/$file"
done
busybox depmod -b "$root" "$release"

# The command's words, quoted for the shell that reads them inside.
for word in "$@"; do
  printf "'%s' " "$(printf '%s' "$word" | sed "s/'/'\\\\''/g")"
done >"$root/command"
cat >"$root/init" <<'END'
#!/bin/sh
export PATH=/bin HOME=/root
# The root that the kernel unpacks cannot be pivoted away from.
if [ "$0" = /init ]; then
  mkdir /root/new
  mount -t tmpfs -o mode=755,size=90% root /root/new
  for entry in /*; do [ "$entry" = /root ] || cp -a "$entry" /root/new; done
  mkdir -m 700 /root/new/root
  mv /root/new/init /root/new/bin/started
  exec switch_root /root/new /bin/started
fi
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir /dev/shm /dev/pts /dev/mqueue
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t mqueue mqueue /dev/mqueue
# Files that were put below it stay, as of a clone there; then it is of the root, a tmpfs as well.
if [ -z "$(ls -A /tmp)" ]; then mount -t tmpfs tmp /tmp; else chmod 1777 /tmp; fi
if [ "$cgroup" = 1 ]; then
  mount -t tmpfs cgroup /sys/fs/cgroup
  for hierarchy in cpu,cpuacct cpuset memory devices freezer blkio pids; do
    mkdir /sys/fs/cgroup/$hierarchy
    mount -t cgroup -o $hierarchy cgroup /sys/fs/cgroup/$hierarchy
  done
  ln -s cpu,cpuacct /sys/fs/cgroup/cpu
  ln -s cpu,cpuacct /sys/fs/cgroup/cpuacct
else
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi
ip link set lo up
for module in overlay fuse veth bridge nf_tables; do modprobe $module; done
chmod 666 /dev/fuse # as udev has it
sh /command </dev/null
echo $? >/dev/ttyS1
poweroff -f
END
chmod 755 "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet) >"$work/initramfs"

cgroup=${VM_CGROUP:-2}
arguments="console=ttyS0 loglevel=0 panic=-1 cgroup=$cgroup"
[ "$cgroup" = 1 ] || arguments="$arguments cgroup_no_v1=all"
qemu-system-x86_64 -accel "${VM_ACCEL:-tcg}" -cpu max -m "${VM_MEMORY:-1536}" -smp "${VM_CPUS:-2}" \
  -nodefaults -no-reboot -display none -serial stdio -serial "file:$work/code" \
  -kernel "$(kernel)" -initrd "$work/initramfs" \
  -append "$arguments" </dev/null 2>"$work/errors" |
  sed -u 's:\r::g'
: >>"$work/code"
code=$(tr -dc 0-9 <"$work/code")
[ -n "$code" ] || cat "$work/errors" >&2
exit "${code:-125}"
