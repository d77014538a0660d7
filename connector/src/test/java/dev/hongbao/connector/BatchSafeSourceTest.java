package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.apache.pulsar.client.api.MessageId;
import org.apache.pulsar.client.impl.BatchMessageIdImpl;
import org.apache.pulsar.client.impl.MessageIdImpl;
import org.junit.jupiter.api.Test;

class BatchSafeSourceTest {

  @Test
  void positionInsideABatchMovesToTheEntryBefore() {
    MessageId inside = new BatchMessageIdImpl(5, 9, 2, 40);
    assertEquals(new MessageIdImpl(5, 8, 2), BatchSafeSource.batchStart(inside));
  }

  @Test
  void wholeMessageKeepsItsPosition() {
    MessageId whole = new MessageIdImpl(5, 9, 2);
    assertEquals(whole, BatchSafeSource.batchStart(whole));
  }

  @Test
  void splitThatReadNothingHasNoPosition() {
    assertNull(BatchSafeSource.batchStart(null));
  }
}
