package dev.hongbao.connector;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.OperatorIDPair;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.JobVertex;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.streaming.api.graph.StreamConfig;

/**
 * Looks into the graphs and the states of jobs, for {@code hongbao upgrade}; started by jobs/upgrade.py.
 *
 * <pre>
 * compare CHECKPOINT NEW_GRAPH [OLD_GRAPH]   a line of JSON for each operator that has state
 * find FOLDER JOB_ID COPY                    copies the running job's graph from Flink's high availability
 * restart GRAPH SAVEPOINT RESULT DROPPING    the same job under a new id, which it prints, from a savepoint, of which
 *                                            it may leave state behind when DROPPING is true
 * </pre>
 */
public final class SavedJob {

  private static final ObjectMapper JSON = new ObjectMapper();

  private SavedJob() {}

  /** Runs one of the three. */
  public static void main(String[] arguments) throws Exception {
    Path first = Path.of(arguments[1]);
    switch (arguments[0]) {
      case "compare" -> compare(
          state(first), graph(Path.of(arguments[2])), arguments.length > 3 ? graph(Path.of(arguments[3])) : null,
          System.out);
      case "find" -> find(first, JobID.fromHexString(arguments[2]), Path.of(arguments[3]));
      case "restart" -> System.out.println(
          restart(graph(first), arguments[2], Path.of(arguments[3]), Boolean.parseBoolean(arguments[4])));
      default -> throw new IllegalArgumentException("compare, find or restart; got " + arguments[0]);
    }
  }

  /** What an upgrade does to one operator's state. */
  record Fate(String operator, String id, long bytes, boolean kept, String why) {}

  static void compare(CheckpointMetadata state, JobGraph fresh, JobGraph old, PrintStream out) throws Exception {
    for (Fate fate : fates(state, fresh, old)) {
      out.println(
          JSON.writeValueAsString(
              Map.of(
                  "operator", fate.operator, "id", fate.id, "bytes", fate.bytes, "kept", fate.kept, "why", fate.why)));
    }
  }

  static List<Fate> fates(CheckpointMetadata state, JobGraph fresh, JobGraph old) throws Exception {
    Map<OperatorID, JobVertex> vertices = new HashMap<>();
    for (JobVertex vertex : fresh.getVertices()) {
      for (OperatorIDPair ids : vertex.getOperatorIDs()) {
        vertices.put(ids.getGeneratedOperatorID(), vertex);
        ids.getUserDefinedOperatorID().ifPresent(id -> vertices.put(id, vertex));
      }
    }
    Map<OperatorID, String> names = names(fresh);
    if (old != null) {
      names.putAll(names(old));
    }
    List<Fate> fates = new ArrayList<>();
    for (OperatorState operator : state.getOperatorStates()) {
      if (operator.getStateSize() == 0 && operator.getCoordinatorState() == null) {
        continue;
      }
      OperatorID id = operator.getOperatorID();
      JobVertex vertex = vertices.get(id);
      String why = "";
      if (vertex == null) {
        why = "the new code has no such operator";
      } else if (keyed(operator) && vertex.getMaxParallelism() != operator.getMaxParallelism()) {
        why = "its max parallelism is " + operator.getMaxParallelism() + ", the new code's " + vertex.getMaxParallelism();
      }
      fates.add(
          new Fate(names.getOrDefault(id, "?"), id.toHexString(), operator.getStateSize(), why.isEmpty(), why));
    }
    return fates;
  }

  private static boolean keyed(OperatorState operator) {
    return operator.getStates().stream()
        .anyMatch(subtask -> !subtask.getManagedKeyedState().isEmpty() || !subtask.getRawKeyedState().isEmpty());
  }

  private static Map<OperatorID, String> names(JobGraph graph) throws Exception {
    Map<OperatorID, String> names = new HashMap<>();
    ClassLoader loader = SavedJob.class.getClassLoader();
    for (JobVertex vertex : graph.getVertices()) {
      StreamConfig head = new StreamConfig(vertex.getConfiguration());
      for (StreamConfig operator : head.getTransitiveChainedTaskConfigsWithSelf(loader).values()) {
        names.put(operator.getOperatorID(), operator.getOperatorName());
      }
    }
    return names;
  }

  private static void find(Path folder, JobID job, Path copy) throws Exception {
    List<Path> files;
    try (Stream<Path> found = Files.walk(folder)) {
      files = found.filter(file -> file.getFileName().toString().startsWith("submittedJobGraph")).toList();
    }
    for (Path file : files) {
      JobGraph graph = graph(file);
      if (graph.getJobID().equals(job)) {
        write(graph, copy);
        return;
      }
    }
    throw new IOException(folder + ": none of " + files.size() + " graphs is that of job " + job);
  }

  static JobID restart(JobGraph graph, String savepoint, Path result, boolean dropping) throws IOException {
    graph.setJobID(new JobID());
    graph.setSavepointRestoreSettings(SavepointRestoreSettings.forPath(savepoint, dropping));
    write(graph, result);
    return graph.getJobID();
  }

  private static CheckpointMetadata state(Path metadata) throws IOException {
    try (DataInputStream in = new DataInputStream(Files.newInputStream(metadata))) {
      return Checkpoints.loadCheckpointMetadata(in, SavedJob.class.getClassLoader(), metadata.getParent().toUri().toString());
    }
  }

  private static JobGraph graph(Path file) throws IOException, ClassNotFoundException {
    try (ObjectInputStream in = new ObjectInputStream(Files.newInputStream(file))) {
      return (JobGraph) in.readObject();
    }
  }

  private static void write(JobGraph graph, Path file) throws IOException {
    try (ObjectOutputStream out = new ObjectOutputStream(Files.newOutputStream(file))) {
      out.writeObject(graph);
    }
  }
}
