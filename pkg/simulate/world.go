package simulate

import (
	"cmp"
	"container/heap"
	"slices"
	"time"

	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/lifecycle"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/ties"
)

// world is a simulation under way: the ledger, the leads and what is to come.
type world struct {
	h       *History
	planner *routing.Planner
	policy  *policy.Policy
	cfg     Config
	replies *Replies

	ledger *ledger.State
	offset int64 // of the next operation
	lives  map[string]*life
	queue  queue
	place  int             // in the history
	order  int             // of the next thing in the queue: what is due at once keeps its order
	parked map[int][]cause // due, until the past comes to it, by record
	tally  *tally
}

// life is a lead in a simulation.
type life struct {
	agenda
	id    string
	draft *routing.Draft // of the current attempt; nil: closed
	// bound is the attempt of the past that the current one is; 0: it never was.
	bound int
	drawn bool // something drawn has led here
	fate  *Fate
	goals []goal
}

// newWorld begins with an empty ledger, as the log does.
func newWorld(h *History, planner *routing.Planner, cfg Config) *world {
	return &world{
		h: h, planner: planner, policy: planner.Policy(), cfg: cfg,
		replies: newReplies(planner.Policy(), cfg.Answers, cfg.Seed),
		ledger:  ledger.NewState(), lives: make(map[string]*life, h.Leads), parked: map[int][]cause{},
		tally: newTally(h, planner.Policy()),
	}
}

// record lets a record of the history happen.
func (w *world) record(i int, p planned) {
	r := &w.h.Records[i]
	w.place, w.ledger.At = i, max(w.ledger.At, r.now)
	switch r.Kind {
	case Arrival:
		w.arrive(i, r, p)
	case Activity:
		w.happen(i, r)
	case Status:
		w.status(i, r)
	case Update, Command:
		w.decide(i, r)
	case Expiry:
		w.expire(i, r)
	case Turnover:
		if l := w.lives[r.Lead]; l != nil && l.has(r.cause.key) {
			w.fire(i, l, r.cause.key, r.At)
		}
	}
	w.tally.passed(i)
	// What the past came to here and did otherwise, or not at all, is due by now.
	for _, c := range w.parked[i] {
		if l := w.lives[c.lead]; l.has(c.key) {
			w.fire(-1, l, c.key, r.At)
		}
	}
	delete(w.parked, i)
}

// until lets happen what is due up to an instant.
func (w *world) until(at int64) {
	for len(w.queue) > 0 && w.queue[0].at <= at {
		d := heap.Pop(&w.queue).(*due)
		l := d.life
		switch {
		case d.reply != nil:
			w.answer(l, d)
		case !l.has(d.cause.key): // it was called off
		default:
			// Where the past was as late as this, so is the simulation.
			if place, known := w.h.resolved[d.cause.key]; known && place > w.place {
				w.parked[place] = append(w.parked[place], d.cause)
				continue
			}
			w.fire(-1, l, d.cause.key, d.at)
		}
	}
}

// op is the next operation.
func (w *world) op(at int64) ledger.Op {
	w.offset++
	return ledger.Op{ID: ledger.OpID{Partition: ledger.Partition{Topic: "simulation"}, Offset: w.offset}, At: at}
}

func (w *world) arrive(i int, r *Record, p planned) {
	op := w.op(r.At)
	if r.traits != nil {
		op.Traits = r.traits
		in := r.input()
		ties.Recall(&in, r.Lead, r.traits, w.policy.Asks(), w.ledger)
		p.plan = w.planner.Plan(in)
		draft := p.plan.Draft()
		p.draft = &draft
	}
	op.Kind, op.Lead, op.Test, op.Value = ledger.Assign, r.Lead, r.Test, p.plan.Value
	op.Steps, op.Roster, op.Line = p.plan.Steps, p.plan.Roster, p.plan.Line
	l := w.lives[r.Lead]
	if l == nil {
		l = &life{id: r.Lead, fate: &Fate{Lead: r.Lead, Arrived: r.At, Apart: r.Test || instant(r.At).Before(w.cfg.From), Value: p.plan.Value}}
		w.lives[r.Lead] = l
	}
	g := w.ledger.Do(&op)
	w.watch(Step{Record: i, Kind: op.Kind, Grant: g, Plan: p.draft})
	w.decided(i, l, g, p.draft)
}

// status changes who is there. A rep whom the policy does not know is nobody's concern.
func (w *world) status(i int, r *Record) {
	if _, known := w.policy.Rep(r.Rep); !known {
		w.tally.skip(skippedReps)
		return
	}
	op := w.op(r.At)
	op.Kind, op.Rep, op.Verb, op.Until = ledger.Presence, r.Rep, r.Verb, r.Until
	var until time.Time
	if r.Until > 0 {
		until = instant(r.Until)
	}
	op.GiveBack = lifecycle.GivesBack(w.policy, r.Verb, until, instant(r.At))
	g := w.ledger.Do(&op)
	w.watch(Step{Record: i, Kind: op.Kind, Grant: g})
	w.returned(g)
	w.offered(g)
}

// happen lets an activity happen. What an owner does is theirs alone: it needs the attempt
// of the past. What becomes of a lead in the end happens to it whoever has it.
func (w *world) happen(i int, r *Record) {
	l := w.lives[r.Lead]
	known := l != nil && !r.Early
	if known && (r.Late || !ownLife(r.Verb)) && (r.Attempt == 0 || l.bound != r.Attempt) {
		return
	}
	op := w.op(r.At)
	op.Kind, op.Lead, op.Verb = ledger.Activity, r.Lead, r.Verb
	if r.Early { // what it is about is for the lead to tell, when it comes
		op.Attempt, op.Rep = r.Attempt, r.Rep
	}
	w.activity(i, l, &op, w.known(r.Reason))
}

// ownLife says whether an activity is the lead's own doing, and not its owner's.
func ownLife(verb string) bool {
	return verb != ledger.Accepted && verb != ledger.Contacted && verb != ledger.Rejected
}

func (w *world) activity(i int, l *life, op *ledger.Op, reason string) {
	g := w.ledger.Do(op)
	w.watch(Step{Record: i, Kind: op.Kind, Grant: g, Reason: reason})
	if l == nil {
		return // held until the lead comes
	}
	w.follow(l, lifecycle.Happened(g, cmp.Or(l.draft, &routing.Draft{}), reason), g.At)
	if g.Effect == ledger.Freed {
		l.draft = nil
	}
	w.tally.happened(l, g)
	w.returned(g)
	w.offered(g)
}

// expire gives up what came before a lead that never came.
func (w *world) expire(i int, r *Record) {
	op := w.op(r.At)
	op.Kind, op.Lead = ledger.Expire, r.Lead
	w.watch(Step{Record: i, Kind: op.Kind, Grant: w.ledger.Do(&op)})
}

// returned calls the leads that a rep gives back.
func (w *world) returned(g ledger.Grant) {
	for _, back := range lifecycle.Returned(g) {
		w.call(causeOf(back))
	}
}

// known is a reason of a refusal, if the policy has one like it.
func (w *world) known(reason string) string {
	if slices.Contains(w.policy.Reassign.TurnBack, reason) {
		return reason
	}
	return ""
}

// decide lets a person, or what is known by now, have a lead planned again.
func (w *world) decide(i int, r *Record) {
	l := w.lives[r.Lead]
	if l == nil {
		return
	}
	m := lifecycle.Update(r.Lead, r.Facts)
	switch {
	case r.Verb == Wake:
		m = lifecycle.Reassign(event.Reassign{LeadID: r.Lead, Attempt: l.attempt, Cause: event.CausePolicy}, w.policy)
	case r.Kind == Command:
		var err error
		m, err = lifecycle.Command(event.Command{LeadID: r.Lead, Command: r.Verb, RepID: r.Rep}, w.policy)
		if err != nil {
			w.tally.skip(skippedReps)
			return
		}
	}
	w.move(i, l, m, r.At)
}

// fire lets come what is due for a lead.
func (w *world) fire(i int, l *life, k key, at int64) {
	c, _ := l.take(k)
	w.move(i, l, lifecycle.Reassign(c.reassign(), w.policy), at)
}

// move has a lead planned again.
func (w *world) move(i int, l *life, m *lifecycle.Move, at int64) {
	op := w.op(at)
	var current ledger.Lead
	if known := w.ledger.Leads[l.id]; known != nil {
		current = *known
	}
	draft := &routing.Draft{}
	if m.Op(&op, current) && current.Attempt > 0 {
		known := lifecycle.Known{Lead: current}
		if l.draft != nil {
			known.Draft = *l.draft
		}
		if w.policy.Asks().Company {
			known.Company = ties.Company(l.id, current.Traits, at, w.ledger.Bearers)
		}
		*draft = m.Plan(&op, w.planner, known, instant(at), w.absent(i)).Draft()
	}
	g := w.ledger.Do(&op)
	w.watch(Step{Record: i, Kind: op.Kind, Grant: g, Plan: draft, Asked: m.Asked})
	w.decided(i, l, g, draft)
}

// absent are the reps whose calendars keep them away. It is known where the past planned;
// where it did not, everybody is thought to be there.
func (w *world) absent(i int) []routing.Absence {
	if i < 0 {
		return nil
	}
	return w.h.Records[i].absent
}

// decided takes what the ledger has made of a plan.
func (w *world) decided(i int, l *life, g ledger.Grant, draft *routing.Draft) {
	w.tally.decided(i, l, g, draft)
	next := lifecycle.Decided(g, draft)
	if g.Effect == ledger.Owned || g.Effect == ledger.Ended {
		w.tally.drop(l, g.At)
		l.begin(g.Attempt)
		if l.draft = draft; w.ledger.Leads[g.Lead].Closed > 0 {
			l.draft = nil
		}
		l.bound = w.bind(i, g)
		w.tally.began(l, next.Timer)
	}
	w.follow(l, next, g.At)
	if g.Effect == ledger.Owned && l.bound == 0 && !g.Test && len(g.Held) == 0 {
		w.expect(l, g)
	}
	w.offered(g)
}

func (w *world) watch(s Step) {
	if w.cfg.Watch != nil {
		w.cfg.Watch(s)
	}
}

// bind finds the attempt of the past that an attempt is: decided by the same record for
// the same rep.
func (w *world) bind(i int, g ledger.Grant) int {
	if i < 0 {
		return 0
	}
	past := w.h.Records[i].past
	if past == nil || past.rep != g.Rep || past.outcome != g.Outcome {
		return 0
	}
	return past.attempt
}

// expect draws what an owner does with a lead that they did not have.
func (w *world) expect(l *life, g ledger.Grant) {
	at, d, ok := w.replies.first(l.id, g.Rep, g.Attempt, g.At)
	if ok {
		w.push(&due{at: max(at, g.At), life: l, attempt: g.Attempt, reply: &d})
	}
	if w.replies.all != nil {
		l.drawn = true
	}
}

// answer lets an owner do what was drawn.
func (w *world) answer(l *life, d *due) {
	if l.attempt != d.attempt || l.bound != 0 || l.draft == nil {
		return
	}
	w.tally.draws++
	op := w.op(d.at)
	op.Kind, op.Lead, op.Verb = ledger.Activity, l.id, d.reply.verb
	w.activity(-1, l, &op, w.known(d.reply.reason))
	if d.reply.verb != ledger.Accepted {
		return
	}
	rep := w.ledger.Leads[l.id].Rep
	if at, next, ok := w.replies.contact(l.id, rep, d.attempt, d.at); ok {
		w.push(&due{at: max(at, d.at), life: l, attempt: d.attempt, reply: &next})
	}
}

// follow takes what follows for a lead into its agenda and the queue.
func (w *world) follow(l *life, n lifecycle.Next, at int64) {
	for _, c := range l.follow(n, at) {
		w.push(&due{at: c.due, life: l, cause: c})
	}
}

// call has a lead planned again.
func (w *world) call(c cause) {
	l := w.lives[c.lead]
	l.add(c)
	w.push(&due{at: c.due, life: l, cause: c})
}

// offered calls the lead that is first in line for what has come free.
func (w *world) offered(g ledger.Grant) {
	if offer := lifecycle.Offered(g); offer != nil {
		w.call(causeOf(*offer))
	}
}

// end closes the books.
func (w *world) end() *Result {
	_, until := w.h.Span()
	w.until(until.UnixMilli())
	return w.tally.result(w)
}

// due is one thing in the queue: a cause, or an owner's answer.
type due struct {
	at      int64
	order   int
	life    *life
	cause   cause
	attempt int   // of a reply
	reply   *draw // nil: of a cause
}

func (w *world) push(d *due) {
	w.order++
	d.order = w.order
	heap.Push(&w.queue, d)
}

// queue is a heap by instant, then by order.
type queue []*due

func (q queue) Len() int { return len(q) }

func (q queue) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(q[i].at, q[j].at), cmp.Compare(q[i].order, q[j].order)) < 0
}

func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push implements [heap.Interface].
func (q *queue) Push(x any) { *q = append(*q, x.(*due)) }

// Pop implements [heap.Interface].
func (q *queue) Pop() any {
	last := len(*q) - 1
	x := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return x
}
