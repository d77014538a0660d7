package dev.hongbao.connector;

/**
 * A window's figures, by event time. Public fields because Flink's POJO format carries them over an upgrade that adds
 * one.
 */
public class PriceWindow {

  public String kind;
  public long startMs;
  public long endMs;
  public long viewers;
  public long buyers;

  static PriceWindow of(String kind, long startMs, long endMs, long viewers, long buyers) {
    PriceWindow window = new PriceWindow();
    window.kind = kind;
    window.startMs = startMs;
    window.endMs = endMs;
    window.viewers = viewers;
    window.buyers = buyers;
    return window;
  }
}
