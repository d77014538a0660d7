package dev.hongbao.connector;

import java.util.List;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.datastream.DataStreamUtils;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.table.api.Table;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RawValueData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.logical.BigIntType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RawType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.VarCharType;
import org.apache.flink.util.Collector;

/**
 * Gives each event with what is known of its shopper, so that a pattern is one WHERE over one row.
 *
 * <p>The same as SQL windows is a keyed pass for each pattern, with its own copy of the shopper: four passes took
 * 113 µs an event on two cores, this takes a tenth (docs/performance.md).
 *
 * <p>A basket that nobody touched for {@code quietMs} comes as a row of its own: event type {@code cart_quiet}, the
 * rest as in the event that added to it last.
 */
public final class Activity extends KeyedProcessFunction<StringData, RowData, RowData> {

  private static final long serialVersionUID = 1L;

  /** The event type of a basket that nobody touched for a while. */
  public static final String CART_QUIET = "cart_quiet";

  private static final StringData QUIET = StringData.fromString(CART_QUIET);
  private static final StringData OK = StringData.fromString(Columns.OK);
  private static final LogicalType TEXT = new VarCharType(VarCharType.MAX_LENGTH);
  private static final LogicalType NUMBER = new BigIntType();
  private static final TypeInformation<Shopper> SHOPPER = Types.POJO(Shopper.class);
  private static final List<String> NAMES =
      List.of(
          "shopper_id", "event_id", "event_type", "product_id", "category", "price_minor", "currency", "campaign_id",
          "store_id", "membership_tier", "favourite_category", "basket_minor", "occurred_ms", "published_ms", "due_ms", "read_ms",
          "shopper",
          // What happened at this event alone, null elsewhere: so a pattern that is to match once is one WHERE too.
          "nth_order", "order_age_ms", "order_age_before_ms", "seen_price_minor", "seen_ms", "basket_peak_minor");

  private final int verdict;
  private final int shopperId;
  private final int eventId;
  private final int eventType;
  private final int productId;
  private final int category;
  private final int quantity;
  private final int priceMinor;
  private final int currency;
  private final int campaignId;
  private final int storeId;
  private final int membershipTier;
  private final int occurredAt;
  private final int publishedAt;
  private final int readAt;
  private final int orderId;
  private final int couponId;
  private final String shopCurrency;
  private final long quietMs;
  private final long forgetMs;
  private final long forgetLooksMs;
  private final long forgetBuyerMs;
  private final long forgetVisitorMs;
  private transient ValueState<Shopper> shoppers;
  private transient Texts texts;

  Activity(
      Rows rows, String shopCurrency, long quietMs, long forgetMs, long forgetLooksMs, long forgetBuyerMs,
      long forgetVisitorMs) {
    this.verdict = rows.position("verdict");
    this.shopperId = rows.position("shopper_id");
    this.eventId = rows.position("event_id");
    this.eventType = rows.position("event_type");
    this.productId = rows.position("product_id");
    this.category = rows.position("category");
    this.quantity = rows.position("quantity");
    this.priceMinor = rows.position("price_minor");
    this.currency = rows.position("currency");
    this.campaignId = rows.position("campaign_id");
    this.storeId = rows.position("store_id");
    this.membershipTier = rows.position("membership_tier");
    this.occurredAt = rows.position("occurred_at");
    this.publishedAt = rows.position("published_at");
    this.readAt = rows.position("read_at");
    this.orderId = rows.position("order_id");
    this.couponId = rows.position("coupon_id");
    this.shopCurrency = shopCurrency;
    this.quietMs = quietMs;
    this.forgetMs = forgetMs;
    // What outlives the rest is not forgotten before it.
    this.forgetLooksMs = Math.max(forgetMs, forgetLooksMs);
    this.forgetBuyerMs = Math.max(forgetMs, forgetBuyerMs);
    this.forgetVisitorMs = Math.max(forgetMs, forgetVisitorMs);
  }

  /**
   * Gives the table {@code activity}.
   *
   * @param deliveries messages as the clicks table has them: by shopper, in the order of arrival; only those whose
   *     verdict is ok count. (A WHERE would make the planner copy every column: 5 objects a text.)
   * @param shopCurrency in which the features count money
   * @param quietMs a basket that nobody touched for so long is announced, in milliseconds
   * @param forgetMs a shopper is forgotten after so long without an event, in milliseconds
   * @param forgetLooksMs the prices seen only after so long
   * @param forgetBuyerMs the orders, and a buyer's features, only after so long
   * @param forgetVisitorMs the features of who never bought only after so long
   */
  public static Table of(
      StreamTableEnvironment tables, Table deliveries, String shopCurrency, long quietMs, long forgetMs,
      long forgetLooksMs, long forgetBuyerMs, long forgetVisitorMs) {
    Rows rows = new Rows(deliveries);
    // Deduplication has brought each shopper's events to one subtask; nothing in between moves them.
    return tables.fromDataStream(
        DataStreamUtils.reinterpretAsKeyedStream(
                Rows.stream(tables, deliveries),
                new Deduplicate.ByShopper(rows.position("shopper_id"), rows.position("message_id")),
                InternalTypeInfo.of(TEXT))
            .process(
                new Activity(rows, shopCurrency, quietMs, forgetMs, forgetLooksMs, forgetBuyerMs, forgetVisitorMs),
                InternalTypeInfo.of(type()))
            .uid("coupons-activity")
            .name("coupons-activity"));
  }

  static RowType type() {
    LogicalType[] types = new LogicalType[NAMES.size()];
    for (int i = 0; i < types.length; i++) {
      String name = NAMES.get(i);
      types[i] = name.endsWith("_ms") || name.endsWith("_minor") || name.equals("nth_order") ? NUMBER : TEXT;
    }
    types[NAMES.indexOf("shopper")] = new RawType<>(Shopper.class, ByReference.INSTANCE);
    return RowType.of(types, NAMES.toArray(String[]::new));
  }

  @Override
  public void open(Configuration parameters) {
    texts = new Texts();
    shoppers = getRuntimeContext().getState(new ValueStateDescriptor<>("shopper", SHOPPER));
  }

  @Override
  public void processElement(RowData event, Context context, Collector<RowData> out) throws Exception {
    if (!event.getString(verdict).equals(OK)) {
      return;
    }
    Shopper shopper = shoppers.value();
    if (shopper == null) {
      shopper = new Shopper();
    }
    Moment moment = take(event, shopper);
    shopper.arrivedMs = context.timerService().currentProcessingTime();
    wake(context, shopper);
    shoppers.update(shopper);
    long publishedMs = millis(event, publishedAt);
    out.collect(
        GenericRowData.of(
            event.getString(shopperId), event.getString(eventId), event.getString(eventType), text(event, productId),
            text(event, category), number(event, priceMinor), text(event, currency), text(event, campaignId),
            text(event, storeId), text(event, membershipTier), data(shopper.favourite()), shopper.basketMinor, millis(event, occurredAt),
            publishedMs, publishedMs, millis(event, readAt), RawValueData.fromObject(shopper), moment.nthOrder,
            moment.orderAgeMs, moment.orderAgeBeforeMs, moment.seenPriceMinor, moment.seenMs,
            moment.basketPeakMinor));
  }

  private Moment take(RowData event, Shopper shopper) {
    String type = texts.of(event, eventType);
    String product = texts.of(event, productId);
    long price = event.isNullAt(priceMinor) ? 0 : event.getLong(priceMinor);
    long atMs = millis(event, occurredAt);
    Moment moment = new Moment();
    moment.visit(shopper, type, atMs);
    shopper.remember(type, product, price, atMs);
    if (!event.isNullAt(category)) {
      shopper.like(texts.of(event, category));
    }
    long value = (event.isNullAt(quantity) ? 1 : event.getInt(quantity)) * price;
    switch (type) {
      case "product_viewed" -> moment.look(shopper, product, Rows.text(event, currency), price, atMs);
      case "product_added" -> moment.add(shopper, added(event), value);
      case "product_removed" -> shopper.remove(value);
      case "order_completed" -> moment.order(shopper, Rows.text(event, orderId), atMs);
      default -> {}
    }
    count(event, shopper, type, price, atMs);
    return moment;
  }

  /** Takes the event into the features. */
  private void count(RowData event, Shopper shopper, String type, long price, long atMs) {
    if (shopper.profile == null) {
      shopper.profile = new Profile();
    }
    Profile profile = shopper.profile;
    profile.see(atMs, texts.of(event, category));
    boolean ours = !event.isNullAt(currency) && shopCurrency.equals(texts.of(event, currency));
    switch (type) {
      case "product_viewed" -> profile.look(ours, price);
      case "product_added" -> profile.add();
      case "order_completed" ->
          profile.buy(ours, !event.isNullAt(couponId), event.isNullAt(quantity) ? 1 : event.getInt(quantity), price);
      default -> {}
    }
  }

  private Shopper.Added added(RowData event) {
    Shopper.Added added = new Shopper.Added();
    added.eventId = Rows.text(event, eventId);
    added.productId = Rows.text(event, productId);
    added.category = Rows.text(event, category);
    added.priceMinor = number(event, priceMinor);
    added.currency = Rows.text(event, currency);
    added.campaignId = Rows.text(event, campaignId);
    added.storeId = Rows.text(event, storeId);
    added.membershipTier = Rows.text(event, membershipTier);
    added.occurredMs = millis(event, occurredAt);
    added.publishedMs = millis(event, publishedAt);
    added.readMs = millis(event, readAt);
    return added;
  }

  @Override
  public void onTimer(long timestamp, OnTimerContext context, Collector<RowData> out) throws Exception {
    Shopper shopper = shoppers.value();
    if (shopper == null || timestamp < shopper.timerMs) {
      return;
    }
    shopper.timerMs = 0;
    if (shopper.added != null && shopper.arrivedMs + quietMs <= timestamp) {
      out.collect(quiet(context.getCurrentKey(), shopper));
      // Announced once; the basket itself is still worth what is in it.
      shopper.added = null;
    }
    forget(shopper, timestamp - shopper.arrivedMs);
    if (shopper.size == 0 && shopper.looks == null && shopper.buyer == null && shopper.profile == null) {
      shoppers.clear();
    } else {
      wake(context, shopper);
      shoppers.update(shopper);
    }
  }

  private void forget(Shopper shopper, long quietForMs) {
    if (forgetMs <= quietForMs) {
      shopper.forget();
    }
    if (forgetLooksMs <= quietForMs) {
      shopper.looks = null;
    }
    if (forgetBuyerMs <= quietForMs) {
      shopper.buyer = null;
      shopper.profile = null;
    } else if (shopper.buyer == null && forgetVisitorMs <= quietForMs) {
      shopper.profile = null;
    }
  }

  /** One timer a shopper at a time: an event that moves the moment later leaves it, and the timer sets the next. */
  private void wake(Context context, Shopper shopper) {
    long dueMs =
        shopper.added != null
            ? shopper.arrivedMs + Math.min(quietMs, forgetMs)
            // A second's precision, so that one timer serves many.
            : (shopper.arrivedMs + nextMs(shopper) + 999) / 1000 * 1000;
    if (shopper.timerMs == 0 || dueMs < shopper.timerMs) {
      if (shopper.timerMs != 0) {
        // A buyer's is more than a year ahead: each visit would leave one there.
        context.timerService().deleteProcessingTimeTimer(shopper.timerMs);
      }
      shopper.timerMs = dueMs;
      context.timerService().registerProcessingTimeTimer(dueMs);
    }
  }

  /** How long after the last event the next part is forgotten. */
  private long nextMs(Shopper shopper) {
    if (shopper.size > 0) {
      return forgetMs;
    }
    long looksMs = shopper.looks == null ? Long.MAX_VALUE : forgetLooksMs;
    if (shopper.buyer != null) {
      return Math.min(looksMs, forgetBuyerMs);
    }
    return shopper.profile == null ? looksMs : Math.min(looksMs, Math.min(forgetVisitorMs, forgetBuyerMs));
  }

  private RowData quiet(StringData shopperId, Shopper shopper) {
    Shopper.Added added = shopper.added;
    return GenericRowData.of(
        shopperId, data(added.eventId), QUIET, data(added.productId), data(added.category), added.priceMinor,
        data(added.currency), data(added.campaignId), data(added.storeId), data(added.membershipTier), data(shopper.favourite()),
        shopper.basketMinor, added.occurredMs, added.publishedMs, shopper.arrivedMs + quietMs, added.readMs,
        RawValueData.fromObject(shopper), null, null, null, null, null, null);
  }

  private static StringData data(String text) {
    return text == null ? null : StringData.fromString(text);
  }

  private static StringData text(RowData row, int column) {
    return row.isNullAt(column) ? null : row.getString(column);
  }

  private static Long number(RowData row, int column) {
    return row.isNullAt(column) ? null : row.getLong(column);
  }

  private static long millis(RowData row, int column) {
    return row.getTimestamp(column, 3).getMillisecond();
  }
}
