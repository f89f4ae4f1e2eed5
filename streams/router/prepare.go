package router

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/cespare/xxhash/v2"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/lifecycle"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/ties"
)

// item is one record on its way through a batch.
type item struct {
	record *kstream.Record
	trace  string
	op     ledger.Op
	lead   *lead.Lead      // of lead.created
	traits *ledger.Traits  // of that lead
	mover  *lifecycle.Move // of a record that moves a known lead
	waits  bool            // for its lead to be decided: it comes again
	draft  routing.Draft   // of a plan, as in op.Body
}

// Codes of the router's own refusals, beside those of packages lead, event and lifecycle.
const (
	tooLarge    = string(lead.TooLarge)
	undecodable = "undecodable"
)

// prepare decodes the records of a section, adds what is known of new leads, and plans. What
// cannot be understood is for the dead letter topic; the rest goes on.
func (h *Handler) prepare(ctx context.Context, s *section, by basis) error {
	s.items = make([]*item, 0, len(s.input))
	var leads []*lead.Lead
	for _, record := range s.input {
		it, err := h.prepareOne(record, by)
		if err != nil {
			s.refuse(record, err)
			continue
		}
		s.items = append(s.items, it)
		if it.lead != nil {
			leads = append(leads, it.lead)
		}
	}
	if len(leads) > 0 {
		h.cfg.Enrich(ctx, by.planner.Policy(), leads)
	}
	h.recognise(s, by)
	known, err := h.meet(ctx, s.items, s.items)
	if err != nil {
		return err
	}
	s.keep(func(it *item) error {
		if it.lead == nil {
			return nil
		}
		return h.planLead(it, known, by)
	})
	return h.planMoves(ctx, s, by)
}

// refuse puts a record among those for the dead letter topic.
func (s *section) refuse(record *kstream.Record, err error) {
	s.dead = append(s.dead, kstream.Dead{Record: record, Code: codeOf(err), Err: err})
}

// keep has something done to each item, and refuses those for which it fails.
func (s *section) keep(do func(*item) error) {
	items := s.items[:0]
	for _, it := range s.items {
		if err := do(it); err != nil {
			s.refuse(it.record, err)
			continue
		}
		items = append(items, it)
	}
	s.items = items
}

func (h *Handler) prepareOne(record *kstream.Record, by basis) (*item, error) {
	envelope, err := kstream.Decode(record)
	if err != nil {
		return nil, err
	}
	it := &item{record: record, trace: envelope.Traceparent, op: ledger.Op{
		ID:     ledger.OpID{Partition: h.partition(kstream.PartitionOf(record)), Offset: record.Offset},
		Digest: strconv.FormatUint(xxhash.Sum64(record.Value), 16),
		At:     by.now.UnixMilli(),
	}}
	p := by.planner.Policy()
	switch h.topics[record.Topic] {
	case event.LeadCreated:
		err = prepareLead(it, envelope)
	case event.LeadActivity:
		err = prepareActivity(it, envelope, p)
	case event.LeadUpdated:
		err = h.prepareUpdate(it, envelope)
	case event.LeadCommand:
		err = prepareCommand(it, envelope, p)
	case event.LeadReassign:
		err = prepareReassign(it, envelope, p)
	case event.RepStatus:
		err = prepareStatus(it, envelope, p, by.now)
	default:
		err = fmt.Errorf("topic %s is not read by the router", record.Topic)
	}
	return it, err
}

func prepareLead(it *item, e event.Envelope) error {
	l, err := e.Lead()
	if err != nil {
		return err
	}
	it.lead = &l
	it.op.Kind = ledger.Assign
	it.op.Lead, it.op.Test = l.ID, l.Test
	return nil
}

// planLead plans a new lead. A decision that could not be written is refused here: after
// the grant it would be too late.
func (h *Handler) planLead(it *item, known ties.Known, by basis) (err error) {
	in := routing.Input{Facts: it.lead.Facts(), Evidence: it.lead.Evidence, At: by.now, Absent: by.absent}
	if it.traits != nil {
		it.op.Ties = nil
		h.cfg.Recogniser.Bind(&in, &it.op, it.traits, known)
	}
	if in.LastOwner == "" && in.CompanyOwner == "" {
		in.Send = routing.Doubt(in.Evidence)
	}
	plan := by.planner.Plan(in)
	it.op.Value, it.op.Steps, it.op.Roster, it.op.Line = plan.Value, plan.Steps, plan.Roster, plan.Line
	it.draft = plan.Draft()
	if it.op.Body, err = it.draft.Encode(); err != nil {
		return err
	}
	return h.checkSize(it)
}

// Bounds for checkSize: what a grant and an event need beside the lead and the
// draft, and how much longer JSON gets at worst when it is written again (a
// control character of one byte becomes six).
const (
	eventOverhead = 16 << 10
	termsBytes    = 160 // of one rep in a roster
	jsonGrowth    = 6
)

func (h *Handler) checkSize(it *item) error {
	overhead := eventOverhead + termsBytes*len(it.op.Roster.Reps) + len(it.op.Body)
	fits := func(size int) bool {
		return h.cfg.Fits(&kstream.Record{Key: []byte(it.op.Lead), Value: make([]byte, size)})
	}
	if small := jsonGrowth*len(it.record.Value) + overhead; small < 1<<16 || fits(small) {
		return nil
	}
	written, err := json.Marshal(it.lead)
	if err != nil {
		return fmt.Errorf("encode lead: %w", err)
	}
	if !fits(len(written) + overhead) {
		return lead.Fail(lead.TooLarge, "", "its assignment would be larger than a message may be")
	}
	return nil
}

func prepareActivity(it *item, e event.Envelope, p *policy.Policy) error {
	a, err := e.Activity()
	if err != nil {
		return err
	}
	if a.Activity == event.Claimed || a.Activity == event.OwnerChanged {
		it.mover, err = lifecycle.Claim(a, p)
		return err
	}
	it.op.Kind = ledger.Activity
	it.op.Lead, it.op.Verb, it.op.Attempt = a.LeadID, a.Activity, a.Attempt
	// An id that is no rep's may be anybody's address, and is not for the log.
	if _, known := p.Rep(a.RepID); known {
		it.op.Rep = a.RepID
	}
	// Any other reason may hold anything, and is not for the log.
	if a.Activity == ledger.Rejected && slices.Contains(p.Reassign.TurnBack, a.Reason) {
		it.op.Body, err = json.Marshal(refusal{a.Reason})
	}
	return err
}

// refusal is the body of a rejected lead's operation.
type refusal struct {
	Reason string `json:"reason"`
}

func prepareStatus(it *item, e event.Envelope, p *policy.Policy, now time.Time) error {
	s, err := e.Status()
	if err != nil {
		return err
	}
	if err := lifecycle.KnownRep(p, s.RepID); err != nil {
		return err
	}
	it.op.Kind = ledger.Presence
	it.op.Rep, it.op.Verb = s.RepID, s.Status
	it.op.GiveBack = lifecycle.GivesBack(p, s.Status, s.Until, now)
	if !s.Until.IsZero() {
		it.op.Until = s.Until.UnixMilli()
	}
	return nil
}

// codeOf is the stable name of a refusal, for headers and metrics.
func codeOf(err error) string {
	if code := lead.CodeOf(err); code != "" {
		return string(code)
	}
	return undecodable
}

var errDigest = errors.New("the record at this position is another one than when it was decided")
