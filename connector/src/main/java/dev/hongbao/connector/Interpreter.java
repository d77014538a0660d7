package dev.hongbao.connector;

import java.lang.reflect.Field;
import java.util.concurrent.CountDownLatch;

/**
 * Frees a TaskManager's Python from an interruption that it would remember for good.
 *
 * <p>PemJa (flink-python 1.20.5) loads one interpreter a JVM. Where a job is restarted while its task waits for that,
 * PemJa keeps the task's InterruptedException as if loading had failed, and throws it at every later start: the job
 * restarts without end until the TaskManager dies.
 */
public final class Interpreter {

  private Interpreter() {}

  /** Does nothing where Python runs, has failed otherwise, is still being loaded, or is not there. */
  public static void forgetInterruption() {
    try {
      Class<?> loader = Class.forName("pemja.core.PythonInterpreter$MainInterpreter");
      Object only = field(loader, "instance").get(null);
      Field error = field(loader, "error");
      // As PemJa itself does around both fields.
      synchronized (only) {
        CountDownLatch loading = (CountDownLatch) field(loader, "damonThreadStart").get(only);
        if (loading.getCount() == 0 && error.get(only) instanceof InterruptedException) {
          error.set(only, null);
          field(loader, "isStarted").setBoolean(only, true);
        }
      }
    } catch (ReflectiveOperationException e) {
      // Another PemJa, or a cluster without it: then there is nothing to mend.
    }
  }

  private static Field field(Class<?> of, String name) throws NoSuchFieldException {
    Field field = of.getDeclaredField(name);
    field.setAccessible(true);
    return field;
  }
}
