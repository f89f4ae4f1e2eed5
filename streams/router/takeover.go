package router

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
)

// clockSlack is how far the clock of another router may be from a record's time.
const clockSlack = 5 * time.Minute

// debt is a void that is owed to the log: an operation was granted, and no record
// will ever tell of it.
type debt struct {
	op       ledger.Op
	at       kstream.TopicPartition // of the operation taken back
	position int64                  // acknowledged once the void is committed
	carrier  *kstream.Record        // of the batch that carries the void; nil: none yet
}

// takeOver settles the memos below the committed offsets. A memo whose decision
// stands in the log belongs to a process that died between commit and
// acknowledgement. One whose decision does not will never be read again: its
// offset was skipped, by an operator, by retention or because the stream gave the
// record up. It is taken back by a void, which the next batch carries.
func (h *Handler) takeOver(ctx context.Context, offsets map[kstream.TopicPartition]int64) error {
	h.forgetDebts(offsets)
	for _, at := range sorted(offsets) {
		memos, err := h.ledger.Pending(ctx, h.partition(at), offsets[at])
		if err != nil {
			return h.fate(err)
		}
		voids, err := h.lost(ctx, memos)
		if err != nil {
			return err
		}
		if len(voids) == 0 {
			h.acks.add(h.partition(at), offsets[at])
			continue
		}
		h.log.Warn("taking back operations whose records were skipped",
			zap.Stringer("partition", at), zap.Int("operations", len(voids)))
		for _, op := range voids {
			h.debts = append(h.debts, debt{op: op, at: at, position: offsets[at]})
		}
	}
	return nil
}

// lost are the voids for memos without a decision in the log.
func (h *Handler) lost(ctx context.Context, memos []ledger.Result) ([]ledger.Op, error) {
	if len(memos) == 0 {
		return nil, nil
	}
	sequences := make([]int64, len(memos))
	since := memos[0].Grant.At
	for i, m := range memos {
		sequences[i] = m.Grant.Sequence
		since = min(since, m.Grant.At)
	}
	found, err := h.cfg.Log.Has(ctx, time.UnixMilli(since).Add(-clockSlack), sequences)
	if err != nil {
		return nil, kstream.Retry(fmt.Errorf("look for decisions: %w", err))
	}
	var voids []ledger.Op
	for _, m := range memos {
		if !found[m.Grant.Sequence] {
			voids = append(voids, ledger.Op{
				ID: m.ID, Digest: m.Digest, Kind: ledger.Void, At: h.cfg.Clock.Now().UnixMilli(),
			})
		}
	}
	return voids, nil
}

// dueVoids are the debts that no batch carries yet.
func (h *Handler) dueVoids() []*debt {
	var due []*debt
	for i := range h.debts {
		if h.debts[i].carrier == nil {
			due = append(due, &h.debts[i])
		}
	}
	return due
}

// publishVoids writes the records of voids into a batch.
func (h *Handler) publishVoids(due []*debt, results []ledger.Result, carrier *kstream.Record) ([]*kstream.Record, error) {
	var out []*kstream.Record
	for i, r := range results {
		if r.Code != ledger.Applied && r.Code != ledger.Replayed {
			continue
		}
		record, err := h.decisionRecord(due[i].op, r, "")
		if err != nil {
			return nil, fmt.Errorf("void %s: %w", due[i].op.ID, err)
		}
		due[i].carrier = carrier
		h.seen = max(h.seen, r.Grant.Sequence)
		out = append(out, record)
	}
	return out, nil
}

// payDebts acknowledges what voids that are now committed have settled.
func (h *Handler) payDebts(offsets map[kstream.TopicPartition]int64) {
	h.debts = slices.DeleteFunc(h.debts, func(d debt) bool {
		if d.carrier == nil || offsets[kstream.PartitionOf(d.carrier)] <= d.carrier.Offset {
			return false
		}
		h.acks.add(h.partition(d.at), d.position)
		return true
	})
}

// forgetDebts drops the debts of partitions that are settled anew, here or by
// their next owner.
func (h *Handler) forgetDebts(offsets map[kstream.TopicPartition]int64) {
	h.debts = slices.DeleteFunc(h.debts, func(d debt) bool {
		_, again := offsets[d.at]
		return again
	})
}
