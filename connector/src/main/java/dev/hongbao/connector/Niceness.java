package dev.hongbao.connector;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets a job without a deadline give way to one that has one, where both share a TaskManager's cores.
 *
 * <p>Linux schedules threads by their own niceness; HotSpot sets it only for root. A task's thread
 * therefore lowers itself with {@code renice}, which any user may do. Where that does not work the
 * job runs as it would have.
 */
final class Niceness {

  private static final Logger LOG = LoggerFactory.getLogger(Niceness.class);
  private static final long PATIENCE_S = 5;

  private Niceness() {}

  /** Makes the calling thread so much nicer than its process, from 0 (unchanged) to 19 (only what nobody else wants). */
  static void take(int niceness) {
    if (niceness == 0) {
      return;
    }
    try {
      // PID/task/TID
      Path thread = Files.readSymbolicLink(Path.of("/proc/thread-self"));
      // renice knows no "more than now" that every system's takes.
      int most = Math.min(19, inherited() + niceness);
      Process renice =
          new ProcessBuilder("renice", "-n", String.valueOf(most), "-p", thread.getFileName().toString())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (!renice.waitFor(PATIENCE_S, TimeUnit.SECONDS) || renice.exitValue() != 0) {
        renice.destroy();
        LOG.warn("renice did not take: {} runs as urgently as any", Thread.currentThread().getName());
      }
    } catch (IOException | UnsupportedOperationException e) {
      LOG.warn("{} runs as urgently as any: {}", Thread.currentThread().getName(), e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The process's own niceness: the 19th of the numbers that stand behind its name. */
  private static int inherited() throws IOException {
    String stat = Files.readString(Path.of("/proc/self/stat"));
    return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[16]);
  }
}
