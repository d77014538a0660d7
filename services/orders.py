"""Know a service's order lines and which orders were cancelled, also where that is heard before the order itself."""

from coupons import Effects

TABLES = (
    """
    CREATE TABLE IF NOT EXISTS known_orders (
        service TEXT NOT NULL, order_id TEXT NOT NULL, cancelled SMALLINT NOT NULL, PRIMARY KEY (service, order_id))
    """,
    """
    CREATE TABLE IF NOT EXISTS order_lines (
        service TEXT NOT NULL, event_id TEXT NOT NULL, order_id TEXT NOT NULL, PRIMARY KEY (service, event_id))
    """,
    "CREATE INDEX IF NOT EXISTS order_lines_by_order ON order_lines (service, order_id)",
)


def add_line(effects: Effects, service: str, order_id: str, event_id: str) -> bool:
    """Note a line of an order; gives whether the order is cancelled already."""
    effects.execute(
        "INSERT INTO order_lines VALUES (:service, :event_id, :order_id)",
        service=service,
        event_id=event_id,
        order_id=order_id,
    )
    return _held(effects, service, order_id)


def hold(effects: Effects, service: str, order_id: str) -> None:
    """Until the commit no other process does anything with this order."""
    _held(effects, service, order_id)


def cancel(effects: Effects, service: str, order_id: str) -> None:
    """Note that the order is cancelled, and hold it."""
    effects.execute(
        """
        INSERT INTO known_orders VALUES (:service, :order_id, 1)
        ON CONFLICT (service, order_id) DO UPDATE SET cancelled = 1
        """,
        service=service,
        order_id=order_id,
    )


def _held(effects: Effects, service: str, order_id: str) -> bool:
    # Written, though nothing changes: in PostgreSQL that locks the row.
    ((cancelled,),) = effects.execute(
        """
        INSERT INTO known_orders VALUES (:service, :order_id, 0)
        ON CONFLICT (service, order_id) DO UPDATE SET cancelled = known_orders.cancelled
        RETURNING cancelled
        """,
        service=service,
        order_id=order_id,
    )
    return bool(cancelled)
