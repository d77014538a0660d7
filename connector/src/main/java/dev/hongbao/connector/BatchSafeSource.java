package dev.hongbao.connector;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.connector.pulsar.source.PulsarSource;
import org.apache.flink.connector.pulsar.source.enumerator.PulsarSourceEnumState;
import org.apache.flink.connector.pulsar.source.split.PulsarPartitionSplit;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.pulsar.client.api.MessageId;
import org.apache.pulsar.client.impl.BatchMessageIdImpl;
import org.apache.pulsar.client.impl.MessageIdImpl;

/**
 * The connector's Pulsar source, but one that restores to the start of a half-read batch, and to no position that
 * is gone.
 *
 * <p>The stock source (4.1.0-1.18) restores to the entry after the checkpointed message, so the rest
 * of its batch is never read (FLINK-36180). Here the batch is read again from its first message:
 * nothing is lost, and deduplication drops what had been read. {@link Positions} says what it does with a position
 * that no longer exists.
 */
final class BatchSafeSource<T>
    implements Source<T, PulsarPartitionSplit, PulsarSourceEnumState>, ResultTypeQueryable<T> {

  private static final long serialVersionUID = 1L;
  private final PulsarSource<T> source;
  private final Positions positions;

  BatchSafeSource(PulsarSource<T> source, Positions positions) {
    this.source = source;
    this.positions = positions;
  }

  @Override
  public Boundedness getBoundedness() {
    return source.getBoundedness();
  }

  @Override
  public SourceReader<T, PulsarPartitionSplit> createReader(SourceReaderContext context) throws Exception {
    return new VerifiedReader<>(source.createReader(context), positions);
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

  private static PulsarPartitionSplit at(PulsarPartitionSplit split, MessageId position) {
    return new PulsarPartitionSplit(
        split.getPartition(), split.getStopCursor(), position, split.getUncommittedTransactionId());
  }

  /** The connector's reader, given only splits whose position the broker has. */
  private static final class VerifiedReader<T> implements SourceReader<T, PulsarPartitionSplit> {

    private final SourceReader<T, PulsarPartitionSplit> reader;
    private final Positions positions;

    VerifiedReader(SourceReader<T, PulsarPartitionSplit> reader, Positions positions) {
      this.reader = reader;
      this.positions = positions;
    }

    @Override
    public void addSplits(List<PulsarPartitionSplit> splits) {
      List<PulsarPartitionSplit> verified = new ArrayList<>();
      for (PulsarPartitionSplit split : splits) {
        String topic = split.getPartition().getFullTopicName();
        try {
          verified.add(at(split, positions.verified(topic, split.getLatestConsumedId())));
        } catch (IOException e) {
          throw new UncheckedIOException(topic + ": cannot tell whether the checkpoint's position is there", e);
        }
      }
      reader.addSplits(verified);
    }

    @Override
    public void start() {
      reader.start();
    }

    @Override
    public InputStatus pollNext(ReaderOutput<T> output) throws Exception {
      return reader.pollNext(output);
    }

    @Override
    public List<PulsarPartitionSplit> snapshotState(long checkpoint) {
      return reader.snapshotState(checkpoint);
    }

    @Override
    public CompletableFuture<Void> isAvailable() {
      return reader.isAvailable();
    }

    @Override
    public void notifyNoMoreSplits() {
      reader.notifyNoMoreSplits();
    }

    @Override
    public void handleSourceEvents(SourceEvent event) {
      reader.handleSourceEvents(event);
    }

    @Override
    public void notifyCheckpointComplete(long checkpoint) throws Exception {
      reader.notifyCheckpointComplete(checkpoint);
    }

    @Override
    public void notifyCheckpointAborted(long checkpoint) throws Exception {
      reader.notifyCheckpointAborted(checkpoint);
    }

    @Override
    public void pauseOrResumeSplits(Collection<String> pause, Collection<String> resume) {
      reader.pauseOrResumeSplits(pause, resume);
    }

    @Override
    public void close() throws Exception {
      reader.close();
    }
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
      return at(split, batchStart(split.getLatestConsumedId()));
    }
  }
}
