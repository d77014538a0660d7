package dev.hongbao.connector;

import org.apache.flink.runtime.throwable.ThrowableAnnotation;
import org.apache.flink.runtime.throwable.ThrowableType;

/** Ends the job where a restart would meet the same again: a person has to decide. Its checkpoints stay. */
@ThrowableAnnotation(ThrowableType.NonRecoverableError)
final class StoppedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  StoppedException(String sentence) {
    super(sentence);
  }
}
