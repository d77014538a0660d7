package dev.hongbao.connector;

import org.apache.flink.runtime.taskexecutor.TaskManagerRunner;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pemja.core.PythonInterpreter;
import pemja.core.PythonInterpreterConfig;

/**
 * Starts Flink's TaskManager, and meanwhile Python: what PyFlink imports takes three seconds of a core, which the first
 * coupon after a restart would wait for, and the JVM's own start leaves one of two cores alone.
 */
public final class TaskManager {

  private static final Logger LOG = LoggerFactory.getLogger(TaskManager.class);

  private TaskManager() {}

  /** Takes Flink's arguments; the system property {@code hongbao.python} names the interpreter that jobs run in. */
  public static void main(String[] arguments) throws Exception {
    String python = System.getProperty("hongbao.python");
    if (python != null) {
      Thread imports = new Thread(() -> warm(python), "python-imports");
      imports.setDaemon(true);
      imports.start();
    }
    TaskManagerRunner.main(arguments);
  }

  /** The interpreter is the process's one: what it has imported, every operator of every job finds. */
  private static void warm(String python) {
    PythonInterpreterConfig config =
        PythonInterpreterConfig.newBuilder()
            .setPythonExec(python)
            .setExcType(PythonInterpreterConfig.ExecType.MULTI_THREAD)
            .addPythonPaths(System.getenv().getOrDefault("PYTHONPATH", ""))
            .build();
    try (PythonInterpreter interpreter = new PythonInterpreter(config)) {
      interpreter.exec("import pyflink.fn_execution.embedded.operation_utils");
      LOG.info("Python was started ahead");
    } catch (RuntimeException | LinkageError e) {
      // The operator that needs it tells why it fails.
      LOG.warn("Python could not be started ahead: {}", e.toString());
    }
  }
}
