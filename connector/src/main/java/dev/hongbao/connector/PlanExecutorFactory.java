package dev.hongbao.connector;

import java.io.ObjectOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.api.dag.Pipeline;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.DeploymentOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.PipelineExecutor;
import org.apache.flink.core.execution.PipelineExecutorFactory;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.streaming.api.graph.StreamGraph;

/**
 * Makes {@code execution.target: hongbao-plan}: the job's graph goes to a file instead of a cluster, so that
 * {@code hongbao upgrade} can look at it first.
 */
public final class PlanExecutorFactory implements PipelineExecutorFactory {

  private static final String NAME = "hongbao-plan";
  private static final ConfigOption<String> FILE =
      ConfigOptions.key("hongbao.plan.file").stringType().noDefaultValue();

  @Override
  public String getName() {
    return NAME;
  }

  @Override
  public boolean isCompatibleWith(Configuration configuration) {
    return NAME.equals(configuration.get(DeploymentOptions.TARGET));
  }

  @Override
  public PipelineExecutor getExecutor(Configuration configuration) {
    return PlanExecutorFactory::write;
  }

  private static CompletableFuture<JobClient> write(Pipeline pipeline, Configuration configuration, ClassLoader loader)
      throws Exception {
    JobGraph graph = ((StreamGraph) pipeline).getJobGraph(loader, null);
    Path file = Path.of(configuration.get(FILE));
    try (ObjectOutputStream out = new ObjectOutputStream(Files.newOutputStream(file))) {
      out.writeObject(graph);
    }
    return CompletableFuture.completedFuture(new Planned(graph.getJobID()));
  }

  /** A job that has an id and does not run. */
  private record Planned(JobID getJobID) implements JobClient {

    @Override
    public CompletableFuture<JobStatus> getJobStatus() {
      return none();
    }

    @Override
    public CompletableFuture<Void> cancel() {
      return none();
    }

    @Override
    public CompletableFuture<String> stopWithSavepoint(boolean drain, String folder, SavepointFormatType format) {
      return none();
    }

    @Override
    public CompletableFuture<String> triggerSavepoint(String folder, SavepointFormatType format) {
      return none();
    }

    @Override
    public CompletableFuture<Map<String, Object>> getAccumulators() {
      return none();
    }

    @Override
    public CompletableFuture<JobExecutionResult> getJobExecutionResult() {
      return none();
    }

    private static <T> CompletableFuture<T> none() {
      return CompletableFuture.failedFuture(new UnsupportedOperationException("a plan does not run"));
    }
  }
}
