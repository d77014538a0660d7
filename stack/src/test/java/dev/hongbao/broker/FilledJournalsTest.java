package dev.hongbao.broker;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.apache.bookkeeper.bookie.BookieFileChannel;
import org.apache.bookkeeper.bookie.FileChannelProvider;
import org.apache.bookkeeper.conf.ServerConfiguration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FilledJournalsTest {

  private static final int MB = 1024 * 1024;
  private static final byte[] ENTRY = "an entry".getBytes(StandardCharsets.UTF_8);

  private final ServerConfiguration conf = new ServerConfiguration().setMaxJournalSizeMB(5);
  private FileChannelProvider journals;
  @TempDir private Path folder;

  @BeforeEach
  void byName() throws IOException {
    // As BookKeeper does.
    journals = FileChannelProvider.newProvider(FilledJournals.class.getName());
  }

  @AfterEach
  void close() throws IOException {
    journals.close();
  }

  @Test
  void newJournalIsOnTheDiskWhole() throws Exception {
    try (FileChannel journal = made("1.txn")) {
      assertEquals(5 * MB, journal.size());
      assertTrue(512L * blocks("1.txn") >= 5 * MB, "it is sparse");
    }
  }

  @Test
  void nextOneIsTheSpareThatWasFilledMeanwhile() throws Exception {
    made("1.txn").close();
    awaitSpare();
    Object spare = Files.getAttribute(folder.resolve("journal.spare"), "unix:ino");
    made("2.txn").close();
    assertEquals(spare, Files.getAttribute(folder.resolve("2.txn"), "unix:ino"));
    awaitSpare();
  }

  @Test
  void spareOfAnotherSizeIsNotTaken() throws Exception {
    Files.write(folder.resolve("journal.spare"), ENTRY);
    try (FileChannel journal = made("1.txn")) {
      assertEquals(5 * MB, journal.size());
      ByteBuffer head = ByteBuffer.allocate(ENTRY.length);
      journal.read(head, 0);
      assertArrayEquals(new byte[ENTRY.length], head.array());
    }
  }

  @Test
  void journalThatIsThereStaysAsItIs() throws Exception {
    Path written = Files.write(folder.resolve("1.txn"), ENTRY);
    BookieFileChannel channel = journals.open(written.toFile(), conf);
    channel.getFileChannel();
    journals.close(channel);
    assertArrayEquals(ENTRY, Files.readAllBytes(written));
    assertFalse(Files.exists(folder.resolve("journal.spare")));
  }

  @Test
  void whereNothingCanBeFilledTheJournalGrows() throws Exception {
    // In its place no file can be written.
    Files.createDirectory(folder.resolve("journal.spare.part"));
    try (FileChannel journal = made("1.txn")) {
      assertEquals(0, journal.size());
      assertEquals(ENTRY.length, journal.write(ByteBuffer.wrap(ENTRY)));
    }
  }

  private FileChannel made(String name) throws IOException {
    Path path = folder.resolve(name);
    BookieFileChannel channel = journals.open(path.toFile(), conf);
    assertFalse(channel.fileExists(path.toFile()));
    assertTrue(path.toFile().createNewFile());
    return channel.getFileChannel();
  }

  private long blocks(String name) throws Exception {
    Process stat =
        new ProcessBuilder("stat", "--format=%b", folder.resolve(name).toString()).redirectErrorStream(true).start();
    return Long.parseLong(new String(stat.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip());
  }

  private void awaitSpare() throws Exception {
    Instant patience = Instant.now().plus(Duration.ofSeconds(30));
    while (!Files.exists(folder.resolve("journal.spare"))) {
      assertTrue(Instant.now().isBefore(patience), "no spare came");
      Thread.sleep(5);
    }
  }
}
