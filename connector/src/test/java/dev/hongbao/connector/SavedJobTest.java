package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ObjectInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.JobVertex;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.state.KeyGroupRangeOffsets;
import org.apache.flink.runtime.state.KeyGroupsStateHandle;
import org.apache.flink.runtime.state.memory.ByteStreamStateHandle;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SavedJobTest {

  private static JobGraph job(int maxParallelism, String... operators) {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(1);
    env.setMaxParallelism(maxParallelism);
    var stream = env.fromSequence(1, 2).uid("numbers");
    for (String operator : operators) {
      stream = stream.keyBy(number -> number).map(number -> number).returns(Long.class).uid(operator).name(operator);
    }
    stream.sinkTo(new DiscardingSink<>()).uid("sink");
    return env.getStreamGraph().getJobGraph();
  }

  private static OperatorID id(JobGraph graph, String operator) {
    for (JobVertex vertex : graph.getVertices()) {
      if (vertex.getName().contains(operator)) {
        var ids = vertex.getOperatorIDs();
        return ids.get(ids.size() - 1).getGeneratedOperatorID();
      }
    }
    throw new AssertionError(operator);
  }

  private static CheckpointMetadata state(OperatorID... ids) {
    List<OperatorState> operators =
        List.of(ids).stream()
            .map(
                id -> {
                  OperatorState operator = new OperatorState(id, 1, 128);
                  operator.putState(
                      0,
                      OperatorSubtaskState.builder()
                          .setManagedKeyedState(
                              new KeyGroupsStateHandle(
                                  new KeyGroupRangeOffsets(0, 127), new ByteStreamStateHandle("state", new byte[9])))
                          .build());
                  return operator;
                })
            .toList();
    return new CheckpointMetadata(7, operators, List.of());
  }

  @Test
  void operatorOfTheSameIdKeepsItsStateWhateverStandsAroundIt() throws Exception {
    JobGraph old = job(128, "first", "second");
    var fates = SavedJob.fates(state(id(old, "second")), job(128, "new", "first", "second"), old);
    assertEquals(List.of(new SavedJob.Fate("second", id(old, "second").toHexString(), 9, true, "")), fates);
  }

  @Test
  void operatorThatIsGoneIsNamedAsTheOldJobNamedIt() throws Exception {
    JobGraph old = job(128, "first", "second");
    var fates = SavedJob.fates(state(id(old, "first"), id(old, "second")), job(128, "second"), old);
    assertEquals(List.of("first", "second"), fates.stream().map(SavedJob.Fate::operator).toList());
    assertEquals(List.of(false, true), fates.stream().map(SavedJob.Fate::kept).toList());
    assertEquals("the new code has no such operator", fates.get(0).why());
  }

  @Test
  void otherMaxParallelismLosesKeyedState() throws Exception {
    JobGraph old = job(128, "first");
    var fates = SavedJob.fates(state(id(old, "first")), job(256, "first"), old);
    assertEquals("its max parallelism is 128, the new code's 256", fates.get(0).why());
  }

  @Test
  void restartedJobIsTheSameUnderANewIdFromTheSavepoint(@TempDir Path folder) throws Exception {
    JobGraph old = job(128, "first");
    JobID before = old.getJobID();
    JobID again = SavedJob.restart(old, "file:/savepoints/savepoint-1", folder.resolve("again"), true);
    assertNotEquals(before, again);
    try (ObjectInputStream in = new ObjectInputStream(Files.newInputStream(folder.resolve("again")))) {
      JobGraph graph = (JobGraph) in.readObject();
      assertEquals(again, graph.getJobID());
      assertEquals("file:/savepoints/savepoint-1", graph.getSavepointRestoreSettings().getRestorePath());
      assertTrue(graph.getSavepointRestoreSettings().allowNonRestoredState());
    }
  }
}
