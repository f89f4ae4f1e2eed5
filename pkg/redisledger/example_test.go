package redisledger_test

import (
	"context"
	"fmt"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/redisledger"
)

func Example() {
	server, err := miniredis.Run()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer client.Close()

	ctx := context.Background()
	l, err := redisledger.New(client, redisledger.Config{Namespace: "prod", Cluster: "kafka-1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	status, err := l.Open(ctx)
	fmt.Println("epoch", status.Epoch, "sequence", status.Sequence, err)

	results, err := l.Apply(ctx, ledger.Chunk{Batch: "router-1/1", Ops: []ledger.Op{{
		ID:   ledger.OpID{Partition: ledger.Partition{Topic: "rep.status"}},
		Kind: ledger.Presence, At: 1_764_000_000_000, Rep: "jonas", Verb: ledger.Away,
	}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	g := results[0].Grant
	fmt.Println(results[0].Code, g.Sequence, g.Effect, g.Rep, g.Verb)
	// Output:
	// epoch 1 sequence 0 <nil>
	// applied 1 present jonas away
}
