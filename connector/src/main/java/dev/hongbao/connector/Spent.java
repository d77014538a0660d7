package dev.hongbao.connector;

import java.util.Arrays;

/**
 * What one campaign has issued. Public fields and arrays because Flink's POJO format carries them over an upgrade that
 * adds one.
 */
public class Spent {

  public String campaign;
  public long costMinor;
  public long pieces;
  /** The day, since 1970 in the campaign's time zone, that {@code piecesOfDay} counts. */
  public long day;
  public long piecesOfDay;
  /** Each offer issued, and its pieces. */
  public String[] offers = new String[0];
  public long[] piecesOfOffer = new long[0];

  long piecesOn(long epochDay) {
    return day == epochDay ? piecesOfDay : 0;
  }

  long of(String offer) {
    int at = Arrays.asList(offers).indexOf(offer);
    return at < 0 ? 0 : piecesOfOffer[at];
  }

  /** Counts one for the day's cap. */
  void countOn(long epochDay) {
    piecesOfDay = piecesOn(epochDay) + 1;
    day = epochDay;
  }

  void add(String offer, long minor) {
    costMinor += minor;
    pieces++;
    int at = Arrays.asList(offers).indexOf(offer);
    if (at < 0) {
      at = offers.length;
      offers = Arrays.copyOf(offers, at + 1);
      piecesOfOffer = Arrays.copyOf(piecesOfOffer, at + 1);
      offers[at] = offer;
    }
    piecesOfOffer[at]++;
  }
}
