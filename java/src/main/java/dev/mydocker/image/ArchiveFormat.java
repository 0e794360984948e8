package dev.mydocker.image;

/** How images are written into an archive. */
public enum ArchiveFormat {
  /**
   * As {@code docker save} does: an OCI image layout that also has the {@code manifest.json} of
   * Docker's older form, so that all tools read it.
   */
  DOCKER_ARCHIVE,
  /** An OCI image layout in a tar. */
  OCI_ARCHIVE
}
