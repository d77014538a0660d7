package dev.hongbao.connector;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.logical.BigIntType;
import org.apache.flink.table.types.logical.BooleanType;
import org.apache.flink.table.types.logical.DoubleType;
import org.apache.flink.table.types.logical.IntType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.VarCharType;

/** What governance gives: a row for each decision, made of a candidate, or of a trigger that was read back. */
final class DecisionRows implements Serializable {

  private static final long serialVersionUID = 1L;

  /** The candidate's part. */
  private static final List<String> TAKEN =
      List.of(
          "shopper_id", "rule", "cause_event_id", "product_id", "category", "membership_tier", "favourite_category",
          "basket_minor", "occurred_ms", "published_ms", "due_ms", "read_ms", "features");

  private static final List<String> DECIDED =
      List.of(
          "decision_id", "campaign_id", "campaign_version", "outcome", "offer", "kind", "discount_percent",
          "discount_minor", "points", "cost_minor", "currency", "lane", "score", "issue_number", "decided_ms",
          "expires_ms", "sent_before", "chosen_by", "model", "model_version", "propensity", "choice_probability");

  /** What lands with a decision and is in no trigger: of one that was read back it is not known. */
  private static final Set<String> NOT_SENT =
      Set.of("features", "chosen_by", "model", "model_version", "propensity", "choice_probability");

  private final int[] taken;

  DecisionRows(Rows candidates) {
    this.taken = TAKEN.stream().mapToInt(candidates::position).toArray();
  }

  static RowType type() {
    List<String> names = new ArrayList<>(TAKEN);
    names.addAll(DECIDED);
    LogicalType[] types = names.stream().map(DecisionRows::type).toArray(LogicalType[]::new);
    return RowType.of(types, names.toArray(String[]::new));
  }

  private static LogicalType type(String column) {
    return switch (column) {
      case "campaign_version", "discount_percent", "model_version" -> new IntType();
      case "points", "issue_number" -> new BigIntType();
      case "score", "propensity", "choice_probability" -> new DoubleType();
      case "sent_before" -> new BooleanType();
      default -> isNumber(column) ? new BigIntType() : new VarCharType(VarCharType.MAX_LENGTH);
    };
  }

  private static boolean isNumber(String column) {
    return column.endsWith("_ms") || column.endsWith("_minor");
  }

  /** {@code number} counts the coupons issued; null where none was. */
  RowData of(RowData candidate, Treasury.Decision decision, Long number, long nowMs) {
    Proposal proposal = decision.proposal();
    GenericRowData row = new GenericRowData(TAKEN.size() + DECIDED.size());
    for (int i = 0; i < taken.length; i++) {
      if (!candidate.isNullAt(taken[i])) {
        row.setField(
            i, isNumber(TAKEN.get(i)) ? (Object) candidate.getLong(taken[i]) : candidate.getString(taken[i]));
      }
    }
    Object[] decided = {
      StringData.fromString(proposal.id()), StringData.fromString(proposal.campaign()), proposal.version(),
      text(decision.outcome()), StringData.fromString(proposal.offer()), StringData.fromString(proposal.kind()),
      proposal.percent(), proposal.minor(), proposal.points(), number == null ? 0L : proposal.costMinor(),
      StringData.fromString(proposal.currency()), StringData.fromString(proposal.lane()), proposal.score(), number,
      nowMs, nowMs + proposal.validMs(), false, StringData.fromString(proposal.chosenBy()),
      StringData.fromString(proposal.model()), proposal.modelVersion(), proposal.propensity(),
      proposal.choiceProbability()
    };
    for (int i = 0; i < decided.length; i++) {
      row.setField(TAKEN.size() + i, decided[i]);
    }
    return row;
  }

  /** Gives the decision that led to a trigger; its score is not in it. */
  static GenericRowData of(GenericRowData trigger) {
    GenericRowData row = new GenericRowData(TAKEN.size() + DECIDED.size());
    int at = 0;
    for (String name : TAKEN) {
      row.setField(at++, taken(trigger, name));
    }
    for (String name : DECIDED) {
      row.setField(
          at++,
          switch (name) {
            case "decision_id" -> IssuedCoupons.field(trigger, "coupon_id");
            case "outcome" -> text(Treasury.Outcome.ISSUED);
            case "score" -> 0.0;
            case "sent_before" -> true;
            default -> taken(trigger, name);
          });
    }
    return row;
  }

  private static Object taken(GenericRowData trigger, String column) {
    if (NOT_SENT.contains(column)) {
      return null;
    }
    return column.endsWith("_ms")
        ? IssuedCoupons.millis(trigger, column.replace("_ms", "_at"))
        : IssuedCoupons.field(trigger, column);
  }

  private static StringData text(Treasury.Outcome outcome) {
    return StringData.fromString(outcome.name().toLowerCase(Locale.ROOT));
  }
}
