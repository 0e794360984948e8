package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.Stat;
import dev.mydocker.kernel.UserNamespace;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Untars one layer into an empty directory that nobody else can reach, with whiteouts as overlayfs
 * wants them (OCI image-spec, layer.md).
 *
 * <p>A name is walked here, component by component, from the layer's directory: a symbolic link of
 * the same layer leads where it would in the container, and one that climbs above the root is
 * refused, as is a {@code ..} in a name. Each step and each change is one name in a directory that
 * is open, so nothing outside can be meant. An entry replaces an earlier one of its name, except
 * that a directory keeps its content. The tree's directories are remembered, so that the usual
 * entry costs no look-up.
 *
 * <p>What stands out: a whiteout is any entry but a directory whose name begins with {@code .wh.},
 * and hides lower layers only, wherever it stands in the tar; a character device 0:0 is one too. A
 * hard link has the owner, mode and time of what it links. A link or file replaces; an entry below
 * something that is no directory is an error. Attributes of SELinux, IMA, NFS and overlayfs are not
 * taken from an image; a {@code user.} attribute is dropped where the kernel allows none.
 *
 * <p>A layer is unpacked without those below it. Where a directory of its tar was made only because
 * something lies below, {@link Result} says so: {@link LayerSettler} then gives it what the lower
 * layers have there.
 *
 * <p>Nothing is synced: the caller syncs the file system before it gives the directory its name.
 */
final class LayerUnpacker implements AutoCloseable {
  private static final String WHITEOUT = ".wh.";

  /** What names of AUFS's own bookkeeping begin with. */
  private static final String META = ".wh..wh.";

  private static final String OPAQUE = ".wh..wh..opq";
  private static final int BUFFER = 128 * 1024;
  private static final int OPEN_DIRECTORIES = 64;
  private static final int NEW_DIRECTORY = 0700;
  private static final int UMASK = umask();

  /**
   * What only the layers below can complete.
   *
   * @param implicit directories that the tar does not list, parents first, made for root with mode
   *     0755 and the time 0; the layer's own directory is the empty path
   * @param opaqueRoot whether everything of the lower layers is hidden
   */
  record Result(List<String> implicit, boolean opaqueRoot) {}

  /** A directory of the layer. */
  private static final class Node {
    private final Node parent;
    private final String name;
    private final Map<String, Node> children = new HashMap<>(4);
    private Optional<TarEntry> entry = Optional.empty();
    private boolean gone;

    private Node(Node parent, String name) {
      this.parent = parent;
      this.name = name;
    }

    private String path() {
      if (parent == null) {
        return "";
      }
      Deque<String> names = new ArrayDeque<>();
      for (Node n = this; n.parent != null; n = n.parent) {
        names.push(n.name);
      }
      return String.join("/", names);
    }
  }

  private final Directory top;
  private final int longestPath;
  private final TarReader tar;
  private final Node root = new Node(null, "");
  private final List<Node> metadata = new ArrayList<>();
  private final byte[] buffer = new byte[BUFFER];
  private final NamespaceOwners owners;
  private boolean opaqueRoot;

  /** The parts of the path before. */
  private final List<String> before = new ArrayList<>();

  /** Directories that are open, the one used longest ago first. */
  private final LinkedHashMap<Node, Directory> open = new LinkedHashMap<>(128, 0.75f, true);

  private LayerUnpacker(
      InputStream tar, Directory top, UnpackLimits limits, Optional<Owners> owners) {
    this.owners = new NamespaceOwners(UserNamespace.own(), owners);
    this.tar = new TarReader(tar, limits);
    this.top = top;
    this.longestPath = limits.path();
  }

  /**
   * Unpacks a tar. What follows the tar's end in the stream is left there.
   *
   * @param tar uncompressed
   * @param into an empty directory of this process's user
   * @throws ImageException when the tar is no layer, or goes beyond a limit
   * @throws KernelException when the file system refuses something
   */
  static Result unpack(InputStream tar, Directory into, UnpackLimits limits) throws IOException {
    return unpack(tar, into, limits, Optional.empty());
  }

  /** {@link #unpack(InputStream, Directory, UnpackLimits)}, the files being others'. */
  static Result unpack(
      InputStream tar, Directory into, UnpackLimits limits, Optional<Owners> owners)
      throws IOException {
    try (LayerUnpacker unpacker = new LayerUnpacker(tar, into, limits, owners)) {
      return unpacker.run();
    }
  }

  private Result run() throws IOException {
    for (Optional<TarEntry> e = tar.next(); e.isPresent(); e = tar.next()) {
      TarEntry entry = owners.settle(e.get());
      try {
        apply(entry);
      } catch (KernelException failure) {
        throw failure.of(Overlay.printable(entry.name()));
      }
    }
    for (Node node : metadata) {
      if (!isGone(node)) {
        directory(node.parent).removeTree(Overlay.bytes(node.name));
        detach(node);
      }
    }
    List<String> implicit = new ArrayList<>();
    finish(implicit);
    return new Result(implicit, opaqueRoot);
  }

  private void apply(TarEntry entry) throws IOException {
    Deque<String> names = names(entry.name(), "name");
    if (names.isEmpty()) {
      if (entry.type() != TarEntry.Type.DIRECTORY) {
        throw refused(entry.name(), "is no directory but named like the root");
      }
      describe(root, entry);
      return;
    }
    String name = names.removeLast();
    Node parent = walk(names, entry.name(), true);
    if (entry.type() == TarEntry.Type.DIRECTORY) {
      describe(makeDirectory(parent, name), entry);
      noteMetadata(parent, name);
    } else if (name.equals(OPAQUE)) {
      hideBelow(parent);
    } else if (name.startsWith(WHITEOUT)) {
      if (!name.startsWith(META)) {
        whiteout(parent, name.substring(WHITEOUT.length()), entry.name());
      }
    } else if (owners.makesDevices() || !isDevice(entry)) {
      make(parent, name, entry);
    }
  }

  private static boolean isDevice(TarEntry entry) {
    return entry.type() == TarEntry.Type.CHARACTER || entry.type() == TarEntry.Type.BLOCK;
  }

  /** A directory of AUFS's bookkeeping serves hard links only, and goes at the end. */
  private void noteMetadata(Node parent, String name) {
    if (name.startsWith(META)) {
      metadata.add(parent.children.get(name));
    }
  }

  // ---- names ------------------------------------------------------------------------------------

  /** The components of a name; a leading slash and {@code .} mean nothing. */
  private Deque<String> names(String path, String what) throws ImageException {
    if (path.length() > longestPath) {
      throw refused(
          path,
          "has a " + what + " of more than " + longestPath + " bytes (MYDOCKER_LIMIT_LAYER_PATH)");
    }
    Deque<String> out = new ArrayDeque<>();
    int start = 0;
    int depth = 0;
    while (start <= path.length()) {
      int slash = path.indexOf('/', start);
      int end = slash < 0 ? path.length() : slash;
      String part = part(path, start, end, depth++);
      if (part.equals("..")) {
        throw refused(path, "has \"..\" in its " + what);
      }
      if (!part.isEmpty() && !part.equals(".")) {
        out.add(part);
      }
      start = end + 1;
    }
    return out;
  }

  /**
   * A part of a path, the one before's where that has the same at {@code depth}: entries come
   * directory by directory.
   */
  private String part(String path, int start, int end, int depth) {
    if (depth < before.size()) {
      String there = before.get(depth);
      if (there.length() == end - start && path.startsWith(there, start)) {
        return there;
      }
      before.subList(depth, before.size()).clear();
    }
    String part = path.substring(start, end);
    before.add(part);
    return part;
  }

  /**
   * The directory at the names {@code todo}, which are used up, links of this layer followed;
   * missing ones are made.
   */
  private Node walk(Deque<String> todo, String whole, boolean make) throws IOException {
    Node at = root;
    int links = 0;
    while (!todo.isEmpty()) {
      String name = todo.pop();
      if (name.isEmpty() || name.equals(".")) {
        continue;
      }
      if (name.equals("..")) {
        if (at == root) {
          throw refused(whole, "leads through a link that climbs above the layer's root");
        }
        at = at.parent;
        continue;
      }
      Node child = at.children.get(name);
      if (child != null) {
        at = child;
        continue;
      }
      Optional<Stat> there = directory(at).find(Overlay.bytes(name));
      if (there.isEmpty() || Overlay.isWhiteout(there.get())) {
        if (!make) {
          throw refused(whole, "is a hard link to what this layer does not have");
        }
        at = makeDirectory(at, name);
        noteMetadata(at.parent, name);
      } else if (there.get().isSymlink()) {
        if (++links > UnpackLimits.LINKS) {
          throw refused(whole, "leads through too many links");
        }
        String target = Overlay.text(directory(at).readlink(Overlay.bytes(name)));
        String[] parts = target.split("/", -1);
        for (int i = parts.length - 1; i >= 0; i--) {
          todo.push(parts[i]);
        }
        at = target.startsWith("/") ? root : at;
      } else {
        throw refused(whole, "lies below something that is no directory");
      }
    }
    return at;
  }

  /** The open directory of a node. */
  private Directory directory(Node node) throws KernelException {
    if (node == root) {
      return top;
    }
    Directory there = open.get(node);
    if (there != null) {
      return there;
    }
    Directory parent = open.get(node.parent);
    Directory opened =
        parent != null
            ? parent.openDirectory(Overlay.bytes(node.name), Directory.Resolve.BENEATH)
            : top.openDirectory(Overlay.bytes(node.path()), Directory.Resolve.BENEATH);
    open.put(node, opened);
    if (open.size() > OPEN_DIRECTORIES) {
      var eldest = open.entrySet().iterator();
      eldest.next().getValue().close();
      eldest.remove();
    }
    return opened;
  }

  // ---- entries ----------------------------------------------------------------------------------

  private Node makeDirectory(Node parent, String name) throws IOException {
    Node known = parent.children.get(name);
    if (known != null) {
      return known;
    }
    byte[] bytes = Overlay.bytes(name);
    Directory in = directory(parent);
    boolean hides = false;
    try {
      in.mkdir(bytes, NEW_DIRECTORY);
    } catch (KernelException e) {
      if (e.errno() != Errno.EEXIST) {
        throw e;
      }
      hides = Overlay.isWhiteout(in.stat(bytes));
      in.unlink(bytes);
      in.mkdir(bytes, NEW_DIRECTORY);
    }
    Node made = new Node(parent, name);
    parent.children.put(name, made);
    if (hides) {
      Overlay.makeOpaque(directory(made));
    }
    return made;
  }

  /** Makes what is no directory, in place of what had its name. */
  private void make(Node parent, String name, TarEntry entry) throws IOException {
    byte[] bytes = Overlay.bytes(name);
    Node replaced = parent.children.get(name);
    if (replaced != null) {
      directory(parent).removeTree(bytes);
      detach(replaced);
    }
    try {
      create(parent, bytes, entry);
    } catch (KernelException e) {
      if (e.errno() != Errno.EEXIST) {
        throw e;
      }
      directory(parent).unlink(bytes);
      create(parent, bytes, entry);
    }
  }

  private void create(Node parent, byte[] name, TarEntry entry) throws IOException {
    Directory in = directory(parent);
    switch (entry.type()) {
      case FILE -> {
        createFile(in, name, entry);
        return;
      }
      case HARD_LINK -> {
        hardlink(parent, name, entry);
        return;
      }
      case SYMLINK -> {
        if (entry.link().isEmpty()) {
          throw refused(entry.name(), "is a symbolic link to nothing");
        }
        in.symlink(name, Overlay.bytes(entry.link()));
      }
      case CHARACTER -> in.mknod(name, Linux.S_IFCHR, entry.major(), entry.minor());
      case BLOCK -> in.mknod(name, Linux.S_IFBLK, entry.major(), entry.minor());
      case FIFO -> in.mknod(name, Linux.S_IFIFO, 0, 0);
      case DIRECTORY -> throw new IllegalArgumentException("a directory is made elsewhere");
    }
    if (entry.uid() != 0 || entry.gid() != 0) {
      in.chown(name, entry.uid(), entry.gid());
    }
    if (entry.type() != TarEntry.Type.SYMLINK) {
      in.chmod(name, entry.mode());
    }
    for (TarEntry.Xattr x : kept(entry)) {
      setXattr(x, false, () -> in.setXattr(name, Overlay.bytes(x.name()), x.value()));
    }
    setTimes(in, name, entry);
  }

  private void createFile(Directory in, byte[] name, TarEntry entry) throws IOException {
    try (Fd file = in.create(name, entry.mode() & 0777)) {
      write(file, entry);
      int fd = file.number();
      boolean owned = entry.uid() == 0 && entry.gid() == 0;
      if (!owned) {
        int n = Linux.fchownat(fd, new byte[0], entry.uid(), entry.gid(), Linux.AT_EMPTY_PATH);
        KernelException.check(n, "fchownat", "");
      }
      if (!owned || (entry.mode() & (07000 | UMASK)) != 0) {
        KernelException.check(Linux.fchmod(fd, entry.mode()), "fchmod", "");
      }
      for (TarEntry.Xattr x : kept(entry)) {
        setXattr(
            x,
            true,
            () ->
                KernelException.check(
                    Linux.fsetxattr(fd, Overlay.bytes(x.name()), x.value(), 0), "fsetxattr", ""));
      }
    }
    setTimes(in, name, entry);
  }

  private void write(Fd file, TarEntry entry) throws IOException {
    if (entry.sparse().isEmpty()) {
      copy(file, entry.size());
      return;
    }
    for (SparseMap.Part part : entry.sparse().get().parts()) {
      KernelException.check(Linux.lseek(file.number(), part.offset(), 0), "lseek", "");
      copy(file, part.length());
    }
    long size = entry.sparse().get().size();
    KernelException.check(Linux.ftruncate(file.number(), size), "ftruncate", "");
  }

  private void copy(Fd file, long length) throws IOException {
    long left = length;
    while (left > 0) {
      int n = tar.read(buffer, 0, (int) Math.min(left, BUFFER));
      if (n < 0) {
        throw new ImageException(Kind.TRUNCATED, "its tar ends in the middle of an entry");
      }
      file.output().write(buffer, 0, n);
      left -= n;
    }
  }

  private void hardlink(Node parent, byte[] name, TarEntry entry) throws IOException {
    Deque<String> names = names(entry.link(), "link");
    if (names.isEmpty()) {
      throw refused(entry.name(), "is a hard link to the root");
    }
    String target = names.removeLast();
    Node from = walk(names, entry.name(), false);
    byte[] existing = Overlay.bytes(target);
    if (from == parent && Arrays.equals(existing, name)) {
      return;
    }
    if (from.children.containsKey(target)) {
      throw refused(entry.name(), "is a hard link to a directory");
    }
    Optional<Stat> there = directory(from).find(existing);
    if (there.isEmpty() || Overlay.isWhiteout(there.get())) {
      throw refused(entry.name(), "is a hard link to what this layer does not have");
    }
    directory(parent).hardlink(name, directory(from), existing);
  }

  private void whiteout(Node parent, String name, String whole) throws IOException {
    if (name.isEmpty() || name.equals(".") || name.equals("..")) {
      throw refused(whole, "is a whiteout of nothing");
    }
    Node known = parent.children.get(name);
    if (known != null) {
      Overlay.makeOpaque(directory(known));
    } else if (directory(parent).find(Overlay.bytes(name)).isEmpty()) {
      Overlay.whiteout(directory(parent), name);
    }
  }

  private void hideBelow(Node node) throws IOException {
    if (node == root) {
      opaqueRoot = true;
    } else {
      Overlay.makeOpaque(directory(node));
    }
  }

  // ---- metadata ---------------------------------------------------------------------------------

  /** Remembers a directory's entry; mode and time are set at the end, when nothing changes it. */
  private void describe(Node node, TarEntry entry) throws IOException {
    node.entry = Optional.of(entry);
    Directory directory = directory(node);
    directory.chown(entry.uid(), entry.gid());
    for (TarEntry.Xattr x : kept(entry)) {
      setXattr(x, true, () -> directory.setXattr(Overlay.bytes(x.name()), x.value()));
    }
  }

  private void finish(List<String> implicit) throws IOException {
    Deque<Node> todo = new ArrayDeque<>();
    todo.add(root);
    while (!todo.isEmpty()) {
      Node node = todo.remove();
      Directory directory = directory(node);
      if (node.entry.isPresent()) {
        TarEntry e = node.entry.get();
        directory.chmod(e.mode());
        directory.setTimes(e.mtimeSec(), e.mtimeNsec(), e.mtimeSec(), e.mtimeNsec());
      } else {
        owners.giveToRoot(directory);
        directory.chmod(0755);
        directory.setTimes(0, 0, 0, 0);
        implicit.add(node.path());
      }
      todo.addAll(node.children.values());
    }
  }

  private static void setTimes(Directory in, byte[] name, TarEntry e) throws KernelException {
    in.setTimes(name, e.mtimeSec(), e.mtimeNsec(), e.mtimeSec(), e.mtimeNsec());
  }

  private List<TarEntry.Xattr> kept(TarEntry entry) {
    // Nearly every file there is has none.
    return entry.xattrs().isEmpty()
        ? List.of()
        : entry.xattrs().stream().filter(owners::keeps).toList();
  }

  /** A call that sets an attribute. */
  interface SetXattr {
    void run() throws KernelException;
  }

  /**
   * Sets an attribute that may come from an image.
   *
   * @param ordinary whether the file is regular or a directory, which may have any
   */
  static void setXattr(TarEntry.Xattr x, boolean ordinary, SetXattr call) throws KernelException {
    String name = x.name();
    if (!Overlay.isLayerAttribute(name)) {
      return;
    }
    try {
      call.run();
    } catch (KernelException e) {
      boolean never = e.errno() == Errno.EPERM && name.startsWith("user.") && !ordinary;
      // Nobody in a user namespace may set these, and access lists name ids it does not have.
      UserNamespace own = UserNamespace.own();
      never |= !own.initial() && e.errno() == Errno.EPERM && !name.startsWith("user.");
      never |= own.single() && e.errno() == Errno.EINVAL && name.startsWith("system.posix_acl");
      if (!never && e.errno() != Errno.EOPNOTSUPP) {
        throw e;
      }
    }
  }

  // ---- the tree ---------------------------------------------------------------------------------

  /** Forgets a directory that is removed, and what was below. */
  private void detach(Node node) {
    node.parent.children.remove(node.name);
    node.gone = true;
    open.entrySet()
        .removeIf(
            e -> {
              boolean gone = isGone(e.getKey());
              if (gone) {
                e.getValue().close();
              }
              return gone;
            });
  }

  private static boolean isGone(Node node) {
    Node n = node;
    while (n.parent != null && !n.gone) {
      n = n.parent;
    }
    return n.gone;
  }

  private static ImageException refused(String name, String why) {
    return new ImageException(
        Kind.NOT_AN_IMAGE, "entry " + ImageException.quote(name) + " of its tar " + why);
  }

  /** This process's umask, or all bits when /proc does not tell. */
  private static int umask() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("Umask:")) {
          return Integer.parseInt(line.substring("Umask:".length()).strip(), 8);
        }
      }
    } catch (IOException | NumberFormatException e) {
      return 0777;
    }
    return 0777;
  }

  @Override
  public void close() {
    open.values().forEach(Directory::close);
    open.clear();
  }
}
