package dev.hongbao.connector;

import java.io.IOException;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.connector.pulsar.source.PulsarSource;
import org.apache.flink.connector.pulsar.source.enumerator.PulsarSourceEnumState;
import org.apache.flink.connector.pulsar.source.split.PulsarPartitionSplit;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.pulsar.client.api.MessageId;
import org.apache.pulsar.client.impl.BatchMessageIdImpl;
import org.apache.pulsar.client.impl.MessageIdImpl;

/**
 * The connector's Pulsar source, but one that restores to the start of a half-read batch.
 *
 * <p>The stock source (4.1.0-1.18) restores to the entry after the checkpointed message, so the rest
 * of its batch is never read (FLINK-36180). Here the batch is read again from its first message:
 * nothing is lost, and deduplication drops what had been read.
 */
final class BatchSafeSource<T>
    implements Source<T, PulsarPartitionSplit, PulsarSourceEnumState>, ResultTypeQueryable<T> {

  private final PulsarSource<T> source;

  BatchSafeSource(PulsarSource<T> source) {
    this.source = source;
  }

  @Override
  public Boundedness getBoundedness() {
    return source.getBoundedness();
  }

  @Override
  public SourceReader<T, PulsarPartitionSplit> createReader(SourceReaderContext context) throws Exception {
    return source.createReader(context);
  }

  @Override
  public SplitEnumerator<PulsarPartitionSplit, PulsarSourceEnumState> createEnumerator(
      SplitEnumeratorContext<PulsarPartitionSplit> context) throws Exception {
    return source.createEnumerator(context);
  }

  @Override
  public SplitEnumerator<PulsarPartitionSplit, PulsarSourceEnumState> restoreEnumerator(
      SplitEnumeratorContext<PulsarPartitionSplit> context, PulsarSourceEnumState checkpoint) throws Exception {
    return source.restoreEnumerator(context, checkpoint);
  }

  @Override
  public SimpleVersionedSerializer<PulsarPartitionSplit> getSplitSerializer() {
    return new BatchSafeSerializer(source.getSplitSerializer());
  }

  @Override
  public SimpleVersionedSerializer<PulsarSourceEnumState> getEnumeratorCheckpointSerializer() {
    return source.getEnumeratorCheckpointSerializer();
  }

  @Override
  public TypeInformation<T> getProducedType() {
    return source.getProducedType();
  }

  /** Moves a position inside a batch back to the entry before it. */
  static MessageId batchStart(MessageId position) {
    if (position instanceof BatchMessageIdImpl inside) {
      return new MessageIdImpl(inside.getLedgerId(), inside.getEntryId() - 1, inside.getPartitionIndex());
    }
    return position;
  }

  private static final class BatchSafeSerializer implements SimpleVersionedSerializer<PulsarPartitionSplit> {

    private final SimpleVersionedSerializer<PulsarPartitionSplit> serializer;

    BatchSafeSerializer(SimpleVersionedSerializer<PulsarPartitionSplit> serializer) {
      this.serializer = serializer;
    }

    @Override
    public int getVersion() {
      return serializer.getVersion();
    }

    @Override
    public byte[] serialize(PulsarPartitionSplit split) throws IOException {
      return serializer.serialize(split);
    }

    @Override
    public PulsarPartitionSplit deserialize(int version, byte[] bytes) throws IOException {
      PulsarPartitionSplit split = serializer.deserialize(version, bytes);
      return new PulsarPartitionSplit(
          split.getPartition(),
          split.getStopCursor(),
          batchStart(split.getLatestConsumedId()),
          split.getUncommittedTransactionId());
    }
  }
}
