package dev.hongbao.connector;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Tells text from bytes that a publisher called text: one such value and no reader opens the Parquet file it is in. */
final class Utf8Text {

  private Utf8Text() {}

  /** Throws where {@code size} bytes from {@code from} are not UTF-8. */
  static void check(byte[] bytes, int from, int size) throws CharacterCodingException {
    for (int i = from; i < from + size; i++) {
      if (bytes[i] < 0) {
        // Not ASCII: rare enough to ask the library.
        StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, from, size));
        return;
      }
    }
  }
}
