package router

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"go.uber.org/zap"

	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
)

// debt is what a partition owes to the log: operations that were granted, and no
// record will ever tell of them. Its position is not acknowledged before their
// voids are committed, or the ledger would forget what is still to be written.
type debt struct {
	voids    []ledger.Op
	position int64 // acknowledged once the voids are committed
	carried  bool  // by a batch that is under way
}

// takeOver settles the memos of partitions that are read from the committed
// offsets on. A memo below whose decision stands in the log belongs to a process
// that died between commit and acknowledgement. One whose decision does not will
// never be read again: its offset was skipped, by an operator, by retention or
// because the stream gave the record up. It is taken back by a void, which the next
// batch carries. A memo above awaits its record.
func (h *Handler) takeOver(ctx context.Context, offsets map[kstream.TopicPartition]int64) error {
	for _, at := range sorted(offsets) {
		offset := offsets[at]
		memos, err := h.ledger.Pending(ctx, h.partition(at), math.MaxInt64)
		h.heard(err)
		if err != nil {
			return h.fate(ctx, err)
		}
		var below []ledger.Result
		for _, m := range memos {
			switch _, known := h.flight[at][m.ID.Offset]; {
			case m.ID.Offset < offset:
				below = append(below, m)
			case !known:
				h.flight.set(at, m.ID.Offset, passage{stray: true})
			}
		}
		voids, err := h.lost(ctx, below)
		if err != nil {
			return err
		}
		delete(h.debts, at)
		if len(voids) == 0 {
			h.acks.add(h.partition(at), offset)
			continue
		}
		h.log.Warn("taking back operations whose records were skipped",
			zap.Stringer("partition", at), zap.Int("operations", len(voids)))
		h.debts[at] = &debt{voids: voids, position: offset}
	}
	return nil
}

// lost are the voids for memos without a decision in the log.
func (h *Handler) lost(ctx context.Context, memos []ledger.Result) ([]ledger.Op, error) {
	if len(memos) == 0 {
		return nil, nil
	}
	sequences := make([]int64, len(memos))
	floor := memos[0].Grant.Floor
	for i, m := range memos {
		sequences[i] = m.Grant.Sequence
		floor = min(floor, m.Grant.Floor)
	}
	found, err := h.cfg.Log.Has(ctx, memos[0].Grant.Epoch, floor, sequences) // memos are of one epoch
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

// settle takes over the partitions in which something was committed that nothing
// carried. One whose voids are under way waits for them: asked now, the log would
// not know of them, and they would be written twice.
func (h *Handler) settle(ctx context.Context) error {
	for at, offset := range maps.Clone(h.strays) {
		if d := h.debts[at]; d != nil && d.carried {
			continue
		}
		if err := h.takeOver(ctx, map[kstream.TopicPartition]int64{at: offset}); err != nil {
			return err
		}
		delete(h.strays, at)
	}
	return nil
}

// due are the debts that no batch carries yet.
func (h *Handler) due() []*debt {
	var due []*debt
	for _, at := range sorted(h.debts) {
		if d := h.debts[at]; !d.carried {
			due = append(due, d)
		}
	}
	return due
}

// voidsOf are the operations of debts.
func voidsOf(debts []*debt) []ledger.Op {
	var voids []ledger.Op
	for _, d := range debts {
		voids = append(voids, d.voids...)
	}
	return voids
}

// voidRecords are the records of due voids, from the answers to them. A void that
// is done already, by an earlier owner of the partition, has none.
func (h *Handler) voidRecords(due []*debt, results []ledger.Result) ([]*kstream.Record, error) {
	var out []*kstream.Record
	for _, d := range due {
		for i, op := range d.voids {
			r := results[i]
			if r.Code != ledger.Applied && r.Code != ledger.Replayed {
				continue
			}
			h.seen = max(h.seen, r.Grant.Sequence)
			record, err := h.decisionRecord(op, r, nil, "")
			if err != nil {
				return nil, fmt.Errorf("void %s: %w", op.ID, err)
			}
			out = append(out, record)
		}
		results = results[len(d.voids):]
	}
	return out, nil
}

// carry ties due voids to the transaction that the answer to a batch becomes: they are paid when
// that has come through. By positions it could not be told, with markers and holes among the
// offsets.
func (h *Handler) carry(due []*debt, batch kstream.Batch, out *kstream.Output) {
	alone := !slices.ContainsFunc(batch.Records, func(r *kstream.Record) bool { return !waits(out, r) })
	if len(due) == 0 || alone && len(out.Records) == 0 {
		return
	}
	// Where everybody waits, perhaps for what these debts hold back, the voids go alone.
	out.Unprompted = out.Unprompted || alone
	for _, d := range due {
		d.carried = true
	}
	then := out.Then
	out.Then = func() {
		if then != nil {
			then()
		}
		h.pay(due)
	}
}

// pay acknowledges what voids that are now committed have settled. A partition that was settled
// anew since owes something else, or is another's.
func (h *Handler) pay(paid []*debt) {
	for _, at := range sorted(h.debts) {
		if d := h.debts[at]; slices.Contains(paid, d) {
			delete(h.debts, at)
			h.acks.add(h.partition(at), d.position)
		}
	}
}

// acknowledge notes a committed position. Where something is not settled the
// position waits for it.
func (h *Handler) acknowledge(at kstream.TopicPartition, offset int64) {
	if _, waits := h.strays[at]; waits {
		h.strays[at] = offset
	} else if d := h.debts[at]; d != nil {
		d.position = max(d.position, offset)
	} else {
		h.acks.add(h.partition(at), offset)
	}
}
