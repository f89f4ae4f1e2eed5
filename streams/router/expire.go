package router

import (
	"context"
	"fmt"

	"go.uber.org/zap"

	"leadrouter/pkg/kstream"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
)

// giveUp finds the records of the activities that a grant has given up: they go to the dead
// letter topic as they came.
func (h *Handler) giveUp(ctx context.Context, r ledger.Result) ([]kstream.Dead, error) {
	if r.Grant.Effect != ledger.Dropped || r.Code != ledger.Applied && r.Code != ledger.Replayed {
		return nil, nil
	}
	var letters []kstream.Dead
	for _, late := range r.Grant.Held {
		at := kstream.TopicPartition{Topic: h.topicOf(late.ID.Topic), Partition: late.ID.Index}
		record, err := h.cfg.Read(ctx, at, late.ID.Offset)
		switch {
		case err != nil:
			return nil, kstream.Retry(fmt.Errorf("read what waited for its lead at %s offset %d: %w", at, late.ID.Offset, err))
		case record == nil:
			h.log.Warn("an activity whose lead never came is not in its topic any more",
				zap.Stringer("partition", at), zap.Int64("offset", late.ID.Offset))
		default:
			letters = append(letters, kstream.Dead{
				Record: record, Code: unknownLead, Err: lead.Fail(unknownLead, "lead_id", "was not created in time"),
			})
		}
	}
	return letters, nil
}

// topicOf is the name of an input topic by the broker's id; "" for one that is gone.
func (h *Handler) topicOf(id string) string {
	for name, known := range h.cfg.TopicIDs {
		if known == id {
			return name
		}
	}
	return ""
}
