package dev.mydocker;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The rooms of ARCHITECTURE.md and what may depend on what. */
class ArchitectureTest {
  private static JavaClasses classes;

  @BeforeAll
  static void read() {
    classes =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.mydocker");
  }

  @Test
  void arrowsRunDownwardsOnly() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("cli")
        .definedBy("dev.mydocker.cli..")
        .layer("engine")
        .definedBy("dev.mydocker.engine..")
        .layer("explain")
        .definedBy("dev.mydocker.explain..")
        .layer("launch")
        .definedBy("dev.mydocker.launch..")
        .layer("cgroup")
        .definedBy("dev.mydocker.cgroup..")
        .layer("network")
        .definedBy("dev.mydocker.network..")
        .layer("image")
        .definedBy("dev.mydocker.image..")
        .layer("spec")
        .definedBy("dev.mydocker.spec..")
        .layer("json")
        .definedBy("dev.mydocker.json..")
        .layer("kernel")
        .definedBy("dev.mydocker.kernel..")
        .whereLayer("cli")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("engine")
        .mayOnlyBeAccessedByLayers("cli")
        .whereLayer("explain")
        .mayOnlyBeAccessedByLayers("cli", "engine")
        .whereLayer("network")
        .mayOnlyBeAccessedByLayers("cli", "engine", "explain")
        .whereLayer("image")
        .mayOnlyBeAccessedByLayers("cli", "engine")
        .whereLayer("launch")
        .mayOnlyBeAccessedByLayers("cli", "engine", "explain")
        .whereLayer("cgroup")
        .mayOnlyBeAccessedByLayers("cli", "engine", "explain")
        .whereLayer("spec")
        .mayOnlyBeAccessedByLayers("cli", "engine", "explain", "launch", "cgroup", "network")
        .whereLayer("kernel")
        .mayNotAccessAnyLayer()
        .whereLayer("json")
        .mayNotAccessAnyLayer()
        .check(classes);
  }

  /**
   * Linux is the door to the kernel; Inflate decodes bytes and SeccompFilter compiles filters, and
   * neither decides anything.
   */
  @Test
  void onlyTheKernelRoomDeclaresNativeMethods() {
    noMethods()
        .that()
        .areDeclaredInClassesThat()
        .doNotHaveFullyQualifiedName("dev.mydocker.kernel.Linux")
        .and()
        .areDeclaredInClassesThat()
        .doNotHaveFullyQualifiedName("dev.mydocker.kernel.Inflate")
        .and()
        .areDeclaredInClassesThat()
        .doNotHaveFullyQualifiedName("dev.mydocker.kernel.SeccompFilter")
        .should()
        .haveModifier(JavaModifier.NATIVE)
        .check(classes);
  }

  @Test
  void onlyTheCommandLinePrints() {
    noClasses()
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .check(classes);
  }

  @Test
  void JVM03_processWideStateIsTheCommandLinesAlone() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.mydocker.cli..")
        .should()
        .callMethod(dev.mydocker.kernel.Linux.class, "signalPipe", int[].class)
        .orShould()
        .callMethod(dev.mydocker.kernel.Linux.class, "raiseDefault", int.class)
        .orShould()
        .callMethod(dev.mydocker.kernel.Linux.class, "exitOn", int.class)
        .orShould()
        .callMethod(
            dev.mydocker.kernel.Linux.class, "execve", int.class, byte[].class, byte[].class)
        .check(classes);
  }

  /**
   * What a layer, a root or a volume has in it is named and opened through {@code
   * kernel.Directory}: java.nio.file follows links, takes an absolute name for the host's, and
   * loses names that are no text.
   */
  @Test
  void JVM10_hostileTreesAreNeverOpenedByPath() {
    noClasses()
        .that()
        .haveNameMatching(HOSTILE)
        .should()
        .dependOnClassesThat()
        .haveNameMatching(
            "java\\.nio\\.file\\.Files|java\\.io\\.(File|FileInputStream|FileOutput.*)")
        .check(classes);
    noClasses()
        .that()
        .haveNameMatching(HOSTILE)
        .and()
        .resideOutsideOfPackage("dev.mydocker.engine..")
        .should()
        .callMethod(java.nio.file.Path.class, "resolve", String.class)
        .check(classes);
  }

  /** Those who read or write such content, and what they are made of. */
  private static final String HOSTILE =
      "dev\\.mydocker\\.(kernel\\.Directory|engine\\.(ContainerFiles|RestingMounts|InheritedMounts)"
          + "|image\\.(TreeUnpacker|LayerWriter|TarReader|TarWriter|TarGuard|TreeCopy|TreeSize"
          + "|LayerChanges|CopyPlace|Overlay|LayerSettler|LayerStack|UpperFile|DiffInput))(\\$.*)?";
}
