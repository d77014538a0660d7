"""The commands of `hongbao tail`: coupons, prices."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.answer import Json, command, show

if TYPE_CHECKING:
    from schemas.topics import Topic

app = typer.Typer(no_args_is_help=True, help="Follow a topic.")
Count = Annotated[int | None, typer.Option(help="Stop after so many.")]


@app.command("coupons")
@command
def coupons(count: Count = None, json: Json = False) -> None:
    """Print each coupon as it is sent, until Ctrl-C.

    Example: hongbao tail coupons --json
    """
    from schemas.topics import COUPONS

    _tail(COUPONS, "{sent_at:%H:%M:%S} {shopper_id} {rule} {offer} {coupon_id}", count, json)


@app.command("prices")
@command
def prices(count: Count = None, json: Json = False) -> None:
    """Print each change of a category's price as it is sent, in percent of the list price, until Ctrl-C.

    Example: hongbao tail prices
    """
    from schemas.topics import PRICES

    _tail(PRICES, "{decided_at:%H:%M:%S} {category} {previous_percent} -> {price_percent} % {reason}", count, json)


def _tail(topic: "Topic", line: str, count: int | None, json: bool) -> None:
    from settings import Pulsar, read
    from topics.follow import follow

    for record in follow(read(Pulsar), topic, count):
        show(record, json, line.format(**record))
