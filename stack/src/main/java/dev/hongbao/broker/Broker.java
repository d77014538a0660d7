package dev.hongbao.broker;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.pulsar.PulsarStandaloneStarter;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;

/**
 * Starts Pulsar standalone without what a killed one left in its metadata.
 *
 * <p>There a registration that should end with its process stays in RocksDB, and Pulsar (4.0.7) deletes it when it next
 * reads it: sometimes a moment after the new process has registered under the same path. From then on the bookie takes
 * its registration for lost and writes it again, about 500 times a second and for good, and whoever makes a topic while
 * it is away is told that there are not enough bookies. One start of six after kill -9 ended so.
 */
public final class Broker {

  /** A value's head: its length, its format, version, owner, created, modified, and whether it is ephemeral. */
  private static final int FORMAT = 1;

  private static final int FORMAT_AT = 4;
  private static final int EPHEMERAL_AT = 4 + 4 + 8 + 8 + 8 + 8;

  private Broker() {}

  /** Takes the arguments of Pulsar's own starter. */
  public static void main(String[] arguments) throws Exception {
    for (int i = 0; i + 1 < arguments.length; i++) {
      if (arguments[i].equals("--metadata-dir")) {
        for (String path : forgetEphemeral(Path.of(arguments[i + 1]))) {
          System.out.println("forgot " + path + " of a process that was killed");
        }
      }
    }
    PulsarStandaloneStarter.main(arguments);
  }

  /** Deletes every ephemeral entry of a metadata store that nobody has open; gives their paths. */
  static List<String> forgetEphemeral(Path folder) throws RocksDBException {
    List<String> forgotten = new ArrayList<>();
    if (!Files.isDirectory(folder)) {
      return forgotten;
    }
    RocksDB.loadLibrary();
    try (Options options = new Options().setCreateIfMissing(true);
        RocksDB store = RocksDB.open(options, folder.toString());
        RocksIterator entries = store.newIterator()) {
      for (entries.seekToFirst(); entries.isValid(); entries.next()) {
        if (isEphemeral(entries.value())) {
          store.delete(entries.key());
          forgotten.add(new String(entries.key(), StandardCharsets.UTF_8));
        }
      }
    }
    return forgotten;
  }

  private static boolean isEphemeral(byte[] value) {
    ByteBuffer head = ByteBuffer.wrap(value);
    return value.length > EPHEMERAL_AT && head.getInt(FORMAT_AT) == FORMAT && head.get(EPHEMERAL_AT) == 1;
  }
}
