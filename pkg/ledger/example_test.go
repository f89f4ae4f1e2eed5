package ledger_test

import (
	"context"
	"fmt"

	"leadrouter/pkg/ledger"
)

// Three leads for two reps: each in turn, then whose credit is largest.
func ExampleModel() {
	model := ledger.NewModel(ledger.Config{})
	roster := &ledger.Roster{Digest: "monday", Reps: []ledger.Terms{
		{ID: "jonas", Weight: 1},
		{ID: "petra", Weight: 1},
	}}
	chunk := ledger.Chunk{Batch: "router-1/1"}
	for offset := range int64(3) {
		chunk.Ops = append(chunk.Ops, ledger.Op{
			ID:   ledger.OpID{Partition: ledger.Partition{Topic: "lead.created"}, Offset: offset},
			Kind: ledger.Assign, At: 1_764_000_000_000, Lead: fmt.Sprint("L-", offset), Roster: roster,
			Steps: []ledger.Step{
				{Pick: ledger.RoundRobin, Book: "closers", Members: []int32{0, 1}},
				{End: ledger.Waiting},
			},
		})
	}
	results, err := model.Apply(context.Background(), chunk)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range results {
		g := r.Grant
		fmt.Printf("%d %s %s: %+.2f -> %+.2f\n", g.Sequence, g.Lead, g.Rep,
			float64(g.Turn.Before)/ledger.Unit, float64(g.Turn.After)/ledger.Unit)
	}
	// Output:
	// 1 L-0 jonas: +0.00 -> -0.50
	// 2 L-1 petra: +0.50 -> +0.00
	// 3 L-2 jonas: +0.00 -> -0.50
}
