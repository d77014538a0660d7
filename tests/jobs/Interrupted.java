import dev.hongbao.connector.Interpreter;
import pemja.core.PythonInterpreter;
import pemja.core.PythonInterpreterConfig;

/** Interrupts the first load of Python, as a restart of a job does, and says how each later one fares. */
public class Interrupted {

  public static void main(String[] arguments) throws Exception {
    Thread first = new Thread(() -> System.out.println("interrupted: " + answer(arguments[0])));
    first.start();
    while (first.isAlive()) {
      if (Thread.getAllStackTraces().keySet().stream().anyMatch(t -> t.getName().equals("PemJaMainInterpreter"))) {
        first.interrupt();
        break;
      }
    }
    first.join();
    System.out.println("again: " + answer(arguments[0]));
    for (String answer = ""; !answer.equals("42"); answer = answer(arguments[0])) {
      Interpreter.forgetInterruption();
      Thread.sleep(10);
    }
    System.out.println("mended: 42");
    System.exit(0);
  }

  private static String answer(String python) {
    PythonInterpreterConfig config =
        PythonInterpreterConfig.newBuilder()
            .setPythonExec(python)
            .setExcType(PythonInterpreterConfig.ExecType.MULTI_THREAD)
            .build();
    try (PythonInterpreter interpreter = new PythonInterpreter(config)) {
      interpreter.exec("x = 6 * 7");
      return interpreter.get("x").toString();
    } catch (Error e) {
      return e.getMessage();
    }
  }
}
