package ledger

import (
	"context"
	"errors"
	"time"
)

// Errors of a [Store] that a caller branches on.
var (
	// ErrEpoch: the store is not the one it was verified to be: replaced, rolled
	// back or promoted. Nothing was applied; the store has to be rebuilt.
	ErrEpoch = errors.New("ledger was replaced or rolled back")
	// ErrUnavailable: the store gave no answer. The chunk may or may not have been
	// applied; giving it again is safe.
	ErrUnavailable = errors.New("ledger is not reachable")
)

// Standstill is where a store stood when it was told to grant nothing until it is
// replaced.
type Standstill struct {
	Epoch    int64 // 0: there was none
	Sequence int64 // the last one given
	InFlight int64 // at most so many sequences were given and not acknowledged
	// Rival is how long another server, that takes itself for the store still, may go on
	// granting; 0: there is none, or nobody can tell.
	Rival time.Duration
}

// Store applies operations atomically. Implementations: [Model] in memory and
// redisledger in Redis.
type Store interface {
	// Apply does the operations of a chunk in order and answers each. It may split
	// the chunk; giving the same chunk again gives the same answers.
	Apply(ctx context.Context, c Chunk) ([]Result, error)
	// Pending lists the memos of a partition below a position, in order: what a
	// router finds when it takes a partition over.
	Pending(ctx context.Context, p Partition, below int64) ([]Result, error)
	// Look reads what is known of leads now, in flight or not; an unknown one is left
	// out. Turns and places in line are not among it. An operation that is planned by it names the attempt
	// that it saw.
	Look(ctx context.Context, ids []string) (map[string]Lead, error)
	// Bearers reads who stands for traits now; one for which nobody does is left out.
	Bearers(ctx context.Context, traits []string) (map[string]Bearer, error)
	// Sketches reads those of leads, by id; a lead without one is left out.
	Sketches(ctx context.Context, ids []string) (map[string]string, error)
	// Head is an offer to the first of all who wait, see [Op.Wake]; nil when nobody does. It
	// is not entered anywhere.
	Head(ctx context.Context) (*Offer, error)
	// Load replaces everything by a folded state.
	Load(ctx context.Context, s *State) error
	// Dump reads everything, for comparison.
	Dump(ctx context.Context) (*State, error)
}
