package dev.hongbao.connector.functions;

import java.util.Arrays;
import org.apache.flink.table.functions.AggregateFunction;

/**
 * Tells the category a shopper met most, the latest of several: {@code FAVOURITE(category)}.
 *
 * <p>Remembers {@value #MOST} categories; a new one then takes the place and the count of the rarest
 * (Metwally, Agrawal, El Abbadi: Efficient Computation of Frequent and Top-k Elements, 2005).
 */
public final class FavouriteFunction extends AggregateFunction<String, FavouriteFunction.Counts> {

  /** How many categories are counted apart. */
  public static final int MOST = 16;

  /** Categories and how often each came, the latest last. */
  public static class Counts {
    public String[] categories = new String[0];
    public long[] counts = new long[0];
  }

  @Override
  public Counts createAccumulator() {
    return new Counts();
  }

  @Override
  public String getValue(Counts counts) {
    int best = -1;
    for (int i = 0; i < counts.counts.length; i++) {
      if (best < 0 || counts.counts[i] >= counts.counts[best]) {
        best = i;
      }
    }
    return best < 0 ? null : counts.categories[best];
  }

  public void accumulate(Counts counts, String category) {
    if (category != null) {
      add(counts, category, 1);
    }
  }

  /** Adds up parts of one session; the parts come oldest first. */
  public void merge(Counts counts, Iterable<Counts> parts) {
    for (Counts part : parts) {
      for (int i = 0; i < part.categories.length; i++) {
        add(counts, part.categories[i], part.counts[i]);
      }
    }
  }

  private static void add(Counts counts, String category, long times) {
    int at = Arrays.asList(counts.categories).indexOf(category);
    long before = at < 0 ? 0 : counts.counts[at];
    if (at < 0 && counts.categories.length < MOST) {
      counts.categories = Arrays.copyOf(counts.categories, counts.categories.length + 1);
      counts.counts = Arrays.copyOf(counts.counts, counts.counts.length + 1);
      at = counts.categories.length - 1;
    } else if (at < 0) {
      at = rarest(counts.counts);
      before = counts.counts[at];
    }
    int last = counts.categories.length - 1;
    System.arraycopy(counts.categories, at + 1, counts.categories, at, last - at);
    System.arraycopy(counts.counts, at + 1, counts.counts, at, last - at);
    counts.categories[last] = category;
    counts.counts[last] = before + times;
  }

  private static int rarest(long[] counts) {
    int rarest = 0;
    for (int i = 1; i < counts.length; i++) {
      if (counts[i] < counts[rarest]) {
        rarest = i;
      }
    }
    return rarest;
  }
}
