package dev.hongbao.connector;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.junit.jupiter.api.Test;

class TextsTest {

  private final Texts texts = new Texts();

  @Test
  void equalTextsAreOneObject() {
    String first = of("tea");
    assertEquals("tea", first);
    assertSame(first, of("tea"));
    assertEquals("hats", of("hats"));
  }

  @Test
  void noTextIsNull() {
    assertNull(of(null));
  }

  @Test
  void moreThanItKnowsAreGivenAllTheSame() {
    String first = of("0");
    for (int i = 0; i <= Texts.MOST; i++) {
      assertEquals("" + i, of("" + i));
    }
    assertNotSame(first, of("0"));
    assertEquals("0", of("0"));
  }

  private String of(String text) {
    // From bytes, as it comes from another subtask: it holds no object yet.
    return texts.of(GenericRowData.of(text == null ? null : StringData.fromBytes(text.getBytes(UTF_8))), 0);
  }
}
