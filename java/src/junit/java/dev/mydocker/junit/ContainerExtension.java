package dev.mydocker.junit;

import dev.mydocker.engine.Container;
import dev.mydocker.engine.ContainerException;
import dev.mydocker.engine.CreateRequest;
import dev.mydocker.engine.Engine;
import dev.mydocker.engine.LogQuery;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives each test a running container of its own, which is removed after it, whatever happens. A
 * test takes it as a parameter; tests may run in parallel.
 *
 * <pre>{@code
 * @RegisterExtension
 * static final ContainerExtension BOX =
 *     new ContainerExtension(Engine.open(), CreateRequest.of("busybox", "sleep", "1000"));
 *
 * @Test
 * void hasItsOwnProcesses(Container box) throws Exception {
 *   assertEquals("1\n", box.execute("pidof", "sleep").out());
 * }
 * }</pre>
 *
 * <p>What the container of a failed test has printed is reported with the test.
 */
public final class ContainerExtension
    implements BeforeEachCallback,
        AfterTestExecutionCallback,
        AfterEachCallback,
        ParameterResolver {
  private static final Namespace NAMESPACE = Namespace.create(ContainerExtension.class);

  private final Engine engine;
  private final CreateRequest request;

  /**
   * For one kind of container.
   *
   * @param request without a name: tests that run at once need one container each
   */
  public ContainerExtension(Engine engine, CreateRequest request) {
    this.engine = engine;
    this.request = request;
  }

  @Override
  public void beforeEach(ExtensionContext test) throws Exception {
    test.getStore(NAMESPACE).put(this, engine.run(request));
  }

  @Override
  public void afterTestExecution(ExtensionContext test) throws IOException {
    if (test.getExecutionException().isPresent()) {
      StringBuilder printed = new StringBuilder();
      try (Stream<String> lines =
          container(test).log().lines(LogQuery.ALL).map(line -> line.text())) {
        lines.forEach(line -> printed.append(line).append('\n'));
      }
      test.publishReportEntry("container", printed.toString());
    }
  }

  @Override
  public void afterEach(ExtensionContext test) throws IOException {
    Container box = container(test);
    if (box == null) {
      return; // it could not be started
    }
    try {
      box.remove(true, true);
    } catch (ContainerException e) {
      if (e.kind() != ContainerException.Kind.NOT_FOUND) {
        throw e;
      }
      // The test has removed it.
    }
  }

  private Container container(ExtensionContext test) {
    return test.getStore(NAMESPACE).get(this, Container.class);
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
    return parameter.getParameter().getType() == Container.class;
  }

  @Override
  public Container resolveParameter(ParameterContext parameter, ExtensionContext test) {
    return container(test);
  }
}
