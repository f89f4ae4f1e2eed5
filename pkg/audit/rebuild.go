package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/routing"
)

// ErrTooManyLost is returned when more is missing from the log than a crash can lose: a
// part of it is gone, or a record of it is forged.
var ErrTooManyLost = errors.New("missing from the log, more than a crash loses; leadrouter audit says what does not add up")

// ErrUnseen is returned when routers run whose transactional ids cannot be listed, and so
// not be fenced.
var ErrUnseen = errors.New("no transactional id of theirs is visible: allow describing and writing them")

// Target is a ledger that is replaced: see redisledger.Replacement.
type Target interface {
	// Halt makes the ledger refuse everybody from here on.
	Halt(ctx context.Context) (ledger.Standstill, error)
	// Stage writes a state beside it, under the epoch that the state names.
	Stage(ctx context.Context, s *ledger.State) error
	// Flip makes what is staged the ledger, unless somebody else has halted it since.
	Flip(ctx context.Context) error
	// Sweep deletes what nobody reads any more.
	Sweep(ctx context.Context) error
}

// Rebuild refills a ledger from the decision log, while routers run. The steps keep them
// from committing what the new ledger does not know:
//
//	lock     a transactional id, that who comes later takes over     one at a time
//	halt     the ledger refuses everybody                            nothing is granted
//	fence    all transactional ids of the routers                    nothing is committed
//	         that was granted before
//	settle   no transaction is open; the group's offsets stand       the log is all there is
//	fold     snapshot and log ──► keys of the next epoch
//	record   the epoch, what was lost ──► log, under the lock         who lost the lock ends here
//	flip     the next epoch is in force                              routers go on
//
// What was granted and not committed counts as not given: its routers find themselves
// fenced, go back to the committed offsets and ask the new ledger. A crash anywhere leaves a
// ledger that stands still; another Run begins again.
type Rebuild struct {
	Kafka    kstream.Client
	Instance string
	// Group is the routers' consumer group, whose committed offsets are the acknowledged
	// positions. Their transactional ids begin with its name and a dash.
	Group string
	// Lock is the transactional id that rebuilds of this ledger have in common.
	Lock   string
	Target Target
	Now    time.Time
	Clock  clock.Clock
	// Progress is told of each decision that was read. Optional.
	Progress func()
}

// Rebuilt tells what a rebuild found.
type Rebuilt struct {
	Decisions int     `json:"decisions"` // read from the log
	Sequence  int64   `json:"sequence"`  // the last one given
	Leads     int     `json:"leads"`     // known to the ledger
	Lost      []int64 `json:"lost"`      // sequences that were given and never committed
	Epoch     int64   `json:"epoch"`     // that has begun
	Fenced    int     `json:"fenced"`    // transactional ids that were taken from routers
}

// Run replaces the ledger. [kstream.ErrOvertaken] and [ledger.ErrEpoch] mean that another
// rebuild has begun, or that the store was lost once more: look, and perhaps begin again.
func (r Rebuild) Run(ctx context.Context) (Rebuilt, error) {
	lock, err := kstream.OpenExclusive(ctx, r.Kafka, r.Lock)
	if err != nil {
		return Rebuilt{}, fmt.Errorf("lock the ledger: %w", err)
	}
	defer lock.Close()
	still, err := r.Target.Halt(ctx)
	if err != nil {
		return Rebuilt{}, err
	}
	result := Rebuilt{}
	if result.Fenced, err = r.quiet(ctx, still); err != nil {
		return Rebuilt{}, err
	}
	f, err := r.fold(ctx)
	if err != nil {
		return Rebuilt{}, err
	}
	if ahead := still.Sequence - f.last(); ahead > still.InFlight {
		return Rebuilt{}, fmt.Errorf("redis has committed %d decisions more than there are: %w", ahead-still.InFlight, ErrCut)
	}
	epoch, err := r.next(f, max(still.Epoch, f.epoch)+1)
	if err != nil {
		return Rebuilt{}, err
	}
	if err := r.positions(ctx, f.State()); err != nil {
		return Rebuilt{}, err
	}
	if err := r.Target.Stage(ctx, f.State()); err != nil {
		return Rebuilt{}, err
	}
	if epoch != nil {
		if err := r.commit(ctx, lock, *epoch); err != nil {
			return Rebuilt{}, err
		}
		result.Lost = epoch.Grant.Lost
	}
	if err := r.Target.Flip(ctx); err != nil {
		return Rebuilt{}, err
	}
	s := f.State()
	result.Decisions, result.Sequence, result.Leads, result.Epoch = f.decisions, s.Sequence, len(s.Leads), s.Epoch
	return result, r.Target.Sweep(ctx)
}

// quiet returns once nothing that was granted so far can be committed any more. It fences
// only after the ledger has been halted: whoever opens an id again from here on has granted
// nothing with it.
func (r Rebuild) quiet(ctx context.Context, still ledger.Standstill) (fenced int, err error) {
	if err := r.Clock.Sleep(ctx, still.Rival); err != nil {
		return 0, err
	}
	if fenced, err = r.Kafka.Fence(ctx, r.Group); err != nil {
		return 0, err
	}
	if fenced == 0 {
		members := 0
		if err := patiently(ctx, func() (err error) {
			members, err = r.Kafka.Members(ctx, r.Group)
			return err
		}); err != nil {
			return 0, err
		}
		if members > 0 {
			return 0, fmt.Errorf("%d in group %s: %w", members, r.Group, ErrUnseen)
		}
	}
	return fenced, r.Kafka.WaitSettled(ctx, event.LeadDecisions.Topic(r.Instance))
}

// folded is a folder and what it was given.
type folded struct {
	*Folder
	decisions int
	epoch     int64 // the highest one
}

// fold reads the log on from the newest snapshot.
func (r Rebuild) fold(ctx context.Context) (*folded, error) {
	log := NewLog(r.Kafka, r.Instance)
	base, err := log.Base(ctx)
	if err != nil {
		return nil, err
	}
	f := &folded{Folder: NewFolder()}
	use := func(d event.Decision) error {
		f.decisions++
		f.epoch = max(f.epoch, d.Grant.Epoch)
		if r.Progress != nil {
			r.Progress()
		}
		return f.Add(d)
	}
	if base == nil {
		return f, log.Read(ctx, use)
	}
	f.Folder, f.epoch = NewFolderAt(*base), base.State.Epoch
	for _, d := range base.Early {
		f.epoch = max(f.epoch, d.Grant.Epoch)
	}
	return f, log.ReadFrom(ctx, base.From(r.Instance), use)
}

// next ends the epoch of a folded log, and gives the record that says so: its number, its
// first sequence and what it counts as not given. Nothing is said of nothing.
func (r Rebuild) next(f *folded, epoch int64) (*event.Decision, error) {
	given, err := lost(f.Missing())
	if err != nil {
		return nil, err
	}
	if f.last() == 0 {
		f.State().Epoch = epoch
		return nil, nil
	}
	sequence := f.last() + 1
	d := event.Decision{
		Engine: routing.Engine, Kind: ledger.Rebuild,
		Op: ledger.OpID{Partition: ledger.Partition{Topic: string(ledger.Rebuild)}, Offset: sequence},
		Grant: ledger.Grant{
			Sequence: sequence, Floor: sequence, Epoch: epoch,
			At: max(f.latest(), r.Now.UnixMilli()), Effect: ledger.Rebuilt, Lost: given,
		},
	}
	return &d, f.Add(d)
}

// mostLost is how many sequences a rebuild gives up at most: far more than routers have
// in flight, and few enough for one record.
const mostLost = 50_000

// lost lists the sequences of the gaps.
func lost(gaps []Gap) ([]int64, error) {
	var sequences []int64
	for _, gap := range gaps {
		if gap.Last-gap.First >= mostLost-int64(len(sequences)) {
			return nil, fmt.Errorf("sequences %s: %w", gap, ErrTooManyLost)
		}
		for sequence := gap.First; sequence <= gap.Last; sequence++ {
			sequences = append(sequences, sequence)
		}
	}
	return sequences, nil
}

// commit writes the record of the epoch, unless somebody else has the lock by now.
func (r Rebuild) commit(ctx context.Context, lock *kstream.Exclusive, d event.Decision) error {
	e, err := event.New(event.LeadDecisions, d.Op.String(), 0, d.Op.Topic, r.Now, d)
	if err != nil {
		return err
	}
	topic := event.LeadDecisions.Topic(r.Instance)
	if err := lock.Commit(ctx, kstream.Encode(topic, d.Op.Topic, e)); err != nil {
		return fmt.Errorf("record epoch %d: %w", d.Grant.Epoch, err)
	}
	return nil
}

// positions sets what is acknowledged: all that the group has committed.
func (r Rebuild) positions(ctx context.Context, s *ledger.State) error {
	var committed map[kstream.TopicPartition]int64
	if err := patiently(ctx, func() (err error) {
		committed, err = r.Kafka.Committed(ctx, r.Group)
		return err
	}); err != nil {
		return err
	}
	var names []string
	for at := range committed {
		names = append(names, at.Topic)
	}
	if len(names) == 0 {
		return nil
	}
	identity, err := r.Kafka.Identify(ctx, names...)
	if err != nil {
		return err
	}
	clear(s.Tails) // of a snapshot
	for at, offset := range committed {
		p := ledger.Partition{Topic: identity.Topics[at.Topic], Index: at.Partition}
		s.Tails[p.String()] = &ledger.Tail{Partition: p, Acked: offset}
	}
	return nil
}

// patiently asks the coordinator of the group, which may be about to move, or not have
// heard yet how a transaction ended.
func patiently(ctx context.Context, ask func() error) error {
	wait := backoff.NewExponentialBackOff(backoff.WithInitialInterval(20*time.Millisecond),
		backoff.WithMaxInterval(time.Second), backoff.WithMaxElapsedTime(10*time.Second))
	return backoff.Retry(ask, backoff.WithContext(wait, ctx))
}
