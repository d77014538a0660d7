// Print each coupon once, as one JSON line: go run . --max 10
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/apache/pulsar-client-go/pulsar"
	"github.com/apache/pulsar-client-go/pulsar/log"
	"github.com/sirupsen/logrus"
)

// A restarted job repeats what it sent since its last checkpoint, which is far less.
const rememberedIDs = 100_000

func main() {
	otherwise := os.Getenv("HONGBAO_PULSAR_SERVICE_URL")
	if otherwise == "" {
		otherwise = "pulsar://127.0.0.1:6650"
	}
	serviceURL := flag.String("service-url", otherwise, "the broker")
	topic := flag.String("topic", "persistent://hongbao/triggers/coupons", "what to read")
	subscription := flag.String("subscription", "example-go", "durable: coupons wait while nobody reads")
	most := flag.Int("max", 0, "stop after so many coupons; 0 is never")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := follow(ctx, *serviceURL, *topic, *subscription, *most); err != nil && !errors.Is(err, context.Canceled) {
		why := strings.ReplaceAll(err.Error(), "\n", ": ")
		fmt.Fprintf(os.Stderr, "subscribe: cannot read %s at %s: %s; is the broker up?\n", *topic, *serviceURL, why)
		os.Exit(1)
	}
}

func follow(ctx context.Context, serviceURL, topic, subscription string, most int) error {
	quiet := logrus.New()
	quiet.SetOutput(io.Discard)
	client, err := pulsar.NewClient(pulsar.ClientOptions{
		URL: serviceURL, OperationTimeout: 5 * time.Second, Logger: log.NewLoggerWithLogrus(quiet),
	})
	if err != nil {
		return err
	}
	defer client.Close()
	consumer, err := client.Subscribe(pulsar.ConsumerOptions{
		Topic: topic, SubscriptionName: subscription,
		// A second process stands by, and a shopper's coupons stay in order.
		Type: pulsar.Failover,
	})
	if err != nil {
		return err
	}
	defer consumer.Close()

	coupons := json.NewEncoder(os.Stdout)
	coupons.SetEscapeHTML(false)
	// The ids seen, and the same in the order they came, as a ring.
	seen, order := map[any]bool{}, make([]any, rememberedIDs)
	for printed := 0; most == 0 || printed < most; {
		message, err := consumer.Receive(ctx)
		if err != nil {
			return err
		}
		// By the schema the writer registered: older and newer publishers share the topic.
		var coupon map[string]any
		if err := message.GetSchemaValue(&coupon); err != nil {
			return err
		}
		// Delivery is at least once. A real service keeps the ids beside what it does, in one transaction.
		if id := coupon["coupon_id"]; !seen[id] {
			for field, value := range coupon {
				// Times in milliseconds since 1970, as they travel.
				if at, is := value.(time.Time); is {
					coupon[field] = at.UnixMilli()
				}
			}
			if err := coupons.Encode(coupon); err != nil {
				return err
			}
			delete(seen, order[printed%rememberedIDs])
			seen[id], order[printed%rememberedIDs] = true, id
			printed++
		}
		// Only now: what crashes before this line is delivered again.
		if err := consumer.Ack(message); err != nil {
			return err
		}
	}
	return nil
}
