package kstream_test

import (
	"bytes"
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kfake"

	"leadrouter/pkg/kstream"
)

// upper writes every record in capitals.
type upper struct{ done func() }

func (upper) Assigned(context.Context, map[kstream.TopicPartition]int64) error { return nil }

func (upper) Handle(_ context.Context, b kstream.Batch) (kstream.Output, error) {
	var out kstream.Output
	for _, r := range b.Records {
		out.Records = append(out.Records, &kstream.Record{Topic: "loud", Key: r.Key, Value: bytes.ToUpper(r.Value)})
	}
	return out, nil
}

func (u upper) Committed(context.Context, map[kstream.TopicPartition]int64) { u.done() }

func (upper) Revoked(context.Context, []kstream.TopicPartition) {}

func Example() {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "quiet", "loud"))
	if err != nil {
		panic(err)
	}
	defer cluster.Close()
	client := kstream.Client{Brokers: cluster.ListenAddrs()}
	publisher, err := kstream.NewPublisher(client)
	if err != nil {
		panic(err)
	}
	defer publisher.Close()

	ctx, cancel := context.WithCancel(context.Background())
	stream, err := kstream.New(kstream.Config{Client: client, Role: "upper", Topics: []string{"quiet"}}, upper{done: cancel})
	if err != nil {
		panic(err)
	}
	if err := publisher.Publish(ctx, &kstream.Record{Topic: "quiet", Value: []byte("a lead")}); err != nil {
		panic(err)
	}
	fmt.Println(stream.Run(ctx)) // until upper has seen its commit

	from := map[kstream.TopicPartition]int64{{Topic: "loud"}: 0}
	_, err = client.ReadToEnd(context.Background(), from, func(r *kstream.Record) error {
		fmt.Println(string(r.Value))
		return nil
	})
	fmt.Println(err)
	// Output:
	// <nil>
	// A LEAD
	// <nil>
}
