package io.sparkappliance.image;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/** Keeps the containers' output when a test fails, and says where. */
final class LabExtension
    implements TestExecutionExceptionHandler, LifecycleMethodExecutionExceptionHandler {

  @Override
  public void handleTestExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    throw withLogs(context, failure);
  }

  @Override
  public void handleBeforeAllMethodExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    throw withLogs(context, failure);
  }

  @Override
  public void handleBeforeEachMethodExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    throw withLogs(context, failure);
  }

  private static Throwable withLogs(ExtensionContext context, Throwable failure) {
    String test =
        context.getRequiredTestClass().getSimpleName()
            + context.getTestMethod().map(method -> "." + method.getName()).orElse("");
    try {
      List<Path> files = Lab.saveLogs(test);
      failure.addSuppressed(new AssertionError("The containers' output is in " + files));
    } catch (RuntimeException | AssertionError e) {
      failure.addSuppressed(e);
    }
    return failure;
  }
}
