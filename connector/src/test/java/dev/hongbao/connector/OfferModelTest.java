package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class OfferModelTest {

  private static final String TREES =
      "{\"kind\":\"boosted\",\"name\":\"offers\",\"version\":3,\"horizon_ms\":1,\"inputs\":[],\"baseline\":0,\"trees\":[]}";

  @Test
  void isInUseFromWhenItWasChosen() {
    assertEquals(7, OfferModel.parse("offers", 3, "used", 7, TREES).chosenMs());
    assertEquals(0, OfferModel.parse("offers", 3, "kept", 7, TREES).chosenMs());
    assertEquals("offers 3", OfferModel.parse("offers", 3, "kept", 7, TREES).key());
  }

  @Test
  void whatIsNoModelIsRefusedWithASentence() {
    assertEquals("model offers 3 is no JSON", refused("{").replaceAll(":.*", "").replace(" version", ""));
    assertEquals("model offers version 3: kind is \"oracle\"; there are scorecard and boosted", refused("{\"kind\":\"oracle\"}"));
    assertEquals("model offers version 3: its definition is of \"offers\" version 4", refused(TREES.replace(":3", ":4")));
    assertEquals("model offers version 3: it has no trees", refused(TREES.replace("\"trees\":[]", "\"leaves\":[]")));
    String long_ = TREES + " ".repeat(OfferModel.MOST_CHARACTERS);
    assertEquals(
        "model offers version 3 has " + long_.length() + " characters; 262144 at most", refused(long_));
  }

  private static String refused(String definition) {
    return assertThrows(
            IllegalArgumentException.class, () -> OfferModel.parse("offers", 3, "used", 7, definition))
        .getMessage();
  }
}
