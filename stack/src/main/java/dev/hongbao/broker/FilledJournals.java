package dev.hongbao.broker;

import java.io.File;
import java.io.FileDescriptor;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.bookkeeper.bookie.BookieFileChannel;
import org.apache.bookkeeper.bookie.FileChannelProvider;
import org.apache.bookkeeper.conf.ServerConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives the bookie journals that were written full of zeros before, as databases do with their write-ahead logs.
 *
 * <p>BookKeeper (4.17) lets its journal grow. To flush a block that was never written ends in a worker of the kernel,
 * which notes that it is written now; where every core is taken that worker may wait for seconds, and with it whatever
 * the broker was to acknowledge. To flush over what was written before needs no worker.
 *
 * <p>The next journal is filled while the one before is in use. Where it cannot be, a journal grows as it otherwise would.
 */
public final class FilledJournals implements FileChannelProvider {

  private static final Logger LOG = LoggerFactory.getLogger(FilledJournals.class);
  private static final long MB = 1024 * 1024;
  /** Flushed at once: as long as that takes, the journal in use may wait. */
  private static final long FLUSHED_BYTES = 4 * MB;

  /** BookKeeper takes only what ends in .txn for a journal. */
  private static final String SPARE = "journal.spare";

  private static final String UNFINISHED = "journal.spare.part";

  private final ExecutorService filler =
      Executors.newSingleThreadExecutor(
          work -> {
            Thread thread = new Thread(work, "journal-filler");
            thread.setDaemon(true);
            return thread;
          });

  @Override
  public BookieFileChannel open(File file, ServerConfiguration conf) {
    return new Journal(file.toPath(), conf.getMaxJournalSizeMB() * MB);
  }

  @Override
  public void close(BookieFileChannel channel) throws IOException {
    channel.close();
  }

  @Override
  public void close() {
    filler.shutdown();
  }

  /** Puts the spare in the place of a journal that was just made, and begins with the next. */
  private void fill(Path journal, long bytes) {
    Path folder = journal.toAbsolutePath().getParent();
    try {
      makeSpare(folder, bytes);
      Files.move(folder.resolve(SPARE), journal, StandardCopyOption.ATOMIC_MOVE);
      try (FileChannel names = FileChannel.open(folder)) {
        names.force(true);
      }
      filler.execute(() -> makeSpareOrSay(folder, bytes));
    } catch (IOException e) {
      LOG.warn("{} is not filled beforehand and grows instead: {}", journal, e.toString());
    }
  }

  private static void makeSpareOrSay(Path folder, long bytes) {
    try {
      makeSpare(folder, bytes);
    } catch (IOException e) {
      LOG.warn("no spare journal in {}: {}", folder, e.toString());
    }
  }

  /** Returns when there is a whole one, also if the filler is at it. */
  private static synchronized void makeSpare(Path folder, long bytes) throws IOException {
    Path spare = folder.resolve(SPARE);
    if (Files.exists(spare) && Files.size(spare) == bytes) {
      return;
    }
    Path unfinished = folder.resolve(UNFINISHED);
    try (FileChannel channel =
        FileChannel.open(
            unfinished, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
      ByteBuffer zeros = ByteBuffer.allocateDirect((int) FLUSHED_BYTES);
      for (long written = 0; written < bytes; written += zeros.limit()) {
        zeros.clear().limit((int) Math.min(FLUSHED_BYTES, bytes - written));
        while (zeros.hasRemaining()) {
          channel.write(zeros);
        }
        channel.force(true);
      }
    }
    Files.move(unfinished, spare, StandardCopyOption.ATOMIC_MOVE);
  }

  /** BookKeeper's way to one file: it asks whether it is there, makes it if not, and asks for the channel. */
  private final class Journal implements BookieFileChannel {

    private final Path path;
    private final long bytes;
    private RandomAccessFile file;

    private Journal(Path path, long bytes) {
      this.path = path;
      this.bytes = bytes;
    }

    @Override
    public synchronized FileChannel getFileChannel() throws IOException {
      if (file == null) {
        if (Files.size(path) == 0) {
          fill(path, bytes);
        }
        file = new RandomAccessFile(path.toFile(), "rw");
      }
      return file.getChannel();
    }

    @Override
    public boolean fileExists(File asked) {
      return asked.exists();
    }

    @Override
    public synchronized FileDescriptor getFD() throws IOException {
      if (file == null) {
        throw new IOException(path + " is not open");
      }
      return file.getFD();
    }

    @Override
    public synchronized void close() throws IOException {
      if (file != null) {
        file.close();
      }
    }
  }
}
