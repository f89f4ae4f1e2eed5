package redisledger

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"leadrouter/pkg/ledger"
)

// Load implements [ledger.Store]: it replaces the ledger by a state, under the next
// epoch.
func (l *Ledger) Load(ctx context.Context, s *ledger.State) error {
	r := l.Replace()
	still, err := r.Halt(ctx)
	if err != nil {
		return err
	}
	next := *s
	next.Epoch = max(still.Epoch, s.Epoch) + 1
	if err := r.Stage(ctx, &next); err != nil {
		return err
	}
	if err := r.Flip(ctx); err != nil {
		return err
	}
	return l.Sweep(ctx)
}

// Sweep deletes the keys of earlier epochs, and of attempts at one that failed.
func (l *Ledger) Sweep(ctx context.Context) error {
	bound := l.binding()
	prefix := "{" + l.cfg.Namespace + "}:"
	err := l.scan(ctx, literal(prefix)+"*", func(keys []string) error {
		var old []string
		for _, key := range keys {
			generation, _, _ := strings.Cut(strings.TrimPrefix(key, prefix), ":")
			epoch, _, ok := strings.Cut(generation, ".")
			n := numbers{}
			if ok && generation != bound.generation && n.read(epoch) <= bound.epoch && n.err == nil {
				old = append(old, key)
			}
		}
		if len(old) == 0 {
			return nil
		}
		return classify(l.client.Unlink(ctx, old...).Err())
	})
	if err != nil {
		return fmt.Errorf("sweep redis ledger %s: %w", l.cfg.Namespace, err)
	}
	return nil
}

// writer puts a state into the keys of a generation.
type writer struct {
	*Ledger
	keys    keys
	pipe    redis.Pipeliner
	numbers map[string]string // of rosters, by digest
}

func (w *writer) write(ctx context.Context, s *ledger.State) error {
	w.pipe.HSet(ctx, w.keys.clock(), "sequence", s.Sequence, "at", s.At)
	steps := []func(context.Context, *ledger.State) error{w.rosters, w.reps, w.leads, w.rest}
	for _, step := range steps {
		if err := step(ctx, s); err != nil {
			return err
		}
	}
	return w.flush(ctx, 1)
}

// flush sends what has gathered, if it is enough.
func (w *writer) flush(ctx context.Context, enough int) error {
	if w.pipe.Len() < enough {
		return nil
	}
	_, err := w.pipe.Exec(ctx)
	return classify(err)
}

func (w *writer) rosters(ctx context.Context, s *ledger.State) error {
	key := w.keys.rosters()
	w.numbers = map[string]string{}
	for digest, reps := range s.Rosters {
		number := decimal(int64(len(w.numbers) + 1))
		w.numbers[digest] = number
		w.pipe.HSet(ctx, key, digest, number)
		for position, terms := range reps {
			text, err := list(termsList(terms)...)
			if err != nil {
				return err
			}
			w.pipe.HSet(ctx, key, number+"/"+decimal(int64(position)), text)
		}
		if err := w.flush(ctx, scanPage); err != nil {
			return err
		}
	}
	w.pipe.HSet(ctx, key, rosterCount, len(w.numbers))
	for digest, told := range s.Told {
		for part := range told {
			w.pipe.SAdd(ctx, w.keys.told(), w.numbers[digest]+" "+part)
		}
	}
	return nil
}

func (w *writer) reps(ctx context.Context, s *ledger.State) error {
	for id, rep := range s.Reps {
		text, err := formatRep(rep)
		if err != nil {
			return err
		}
		w.pipe.HSet(ctx, w.keys.reps(), id, text)
	}
	for name, book := range s.Books {
		text, err := formatBook(book)
		if err != nil {
			return err
		}
		w.pipe.HSet(ctx, w.keys.credit(), name, text)
	}
	return w.flush(ctx, scanPage)
}

// leads writes closed ones so that Redis may drop them when their time has come.
func (w *writer) leads(ctx context.Context, s *ledger.State) error {
	for id, lead := range s.Leads {
		number := ""
		if lead.Turn != nil {
			number = w.numbers[lead.Turn.Roster]
		}
		lineNumber := ""
		if lead.Line != nil {
			lineNumber = w.numbers[lead.Line.Roster]
		}
		for _, place := range s.Places(id) {
			w.pipe.ZAdd(ctx, w.keys.line(), redis.Z{Member: place})
		}
		text, err := formatLead(lead, number, lineNumber)
		if err != nil {
			return err
		}
		if lead.Counts() {
			w.pipe.ZAdd(ctx, w.keys.owned(), redis.Z{Member: lead.Rep + "\n" + id})
		}
		if lead.Closed > 0 {
			w.pipe.Set(ctx, w.keys.lead(id), text, w.cfg.Dedupe+memory)
		} else {
			w.pipe.Set(ctx, w.keys.lead(id), text, 0)
		}
		if err := w.flush(ctx, scanPage); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) rest(ctx context.Context, s *ledger.State) error {
	for lead, early := range s.Held {
		text, err := formatEarly(early)
		if err != nil {
			return err
		}
		w.pipe.HSet(ctx, w.keys.held(), lead, text)
	}
	for lead, offer := range s.Offers {
		text, err := formatOffer(offer)
		if err != nil {
			return err
		}
		w.pipe.HSet(ctx, w.keys.offers(), lead, text)
	}
	for trait, b := range s.Bearers {
		keep := time.Duration(0)
		if b.Closed > 0 {
			keep = w.cfg.Dedupe + memory
		}
		w.pipe.Set(ctx, w.keys.bearer(trait), formatBearer(b), keep)
		if err := w.flush(ctx, scanPage); err != nil {
			return err
		}
	}
	for part, tail := range s.Tails {
		w.pipe.HSet(ctx, w.keys.acked(), part, tail.Acked)
	}
	return w.flush(ctx, scanPage)
}
