package ledger

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"leadrouter/pkg/jsondiff"
)

// Clone is a copy that shares only what never changes: rosters, entries, grants.
func (s *State) Clone() *State {
	c := *s
	c.index = nil
	c.Rosters = maps.Clone(s.Rosters)
	c.Told = make(map[string]Told, len(s.Told))
	for digest, told := range s.Told {
		c.Told[digest] = maps.Clone(told)
	}
	c.Reps = cloneAll(s.Reps)
	c.Leads = cloneAll(s.Leads)
	c.Books = make(map[string]Book, len(s.Books))
	for name, book := range s.Books {
		c.Books[name] = maps.Clone(book)
	}
	c.Held = make(map[string][]Early, len(s.Held))
	for lead, early := range s.Held {
		c.Held[lead] = slices.Clone(early)
	}
	c.Offers = maps.Clone(s.Offers)
	c.Bearers = maps.Clone(s.Bearers)
	c.Tails = cloneAll(s.Tails)
	for _, t := range c.Tails {
		t.Memos = slices.Clone(t.Memos)
	}
	return &c
}

func cloneAll[V any](m map[string]*V) map[string]*V {
	c := make(map[string]*V, len(m))
	for k, v := range m {
		value := *v
		c[k] = &value
	}
	return c
}

// Rebuilt is a copy in which nothing is in flight: no memos, and no batch holds a
// lead. Positions stay. It is what a store loads.
func (s *State) Rebuilt() *State {
	c := s.Clone()
	for key, t := range c.Tails {
		if t.Memos = nil; t.Acked == 0 {
			delete(c.Tails, key)
		}
	}
	for _, l := range c.Leads {
		l.Batch = ""
	}
	for _, early := range c.Held {
		for i := range early {
			early[i].Batch = ""
		}
	}
	return c
}

// Logged is a copy of what the log alone determines: Rebuilt, without positions.
func (s *State) Logged() *State {
	c := s.Rebuilt()
	clear(c.Tails)
	return c
}

// Parse reads the canonical form of a state: its JSON, with sorted keys, as
// [json.Marshal] writes it. A state that operations would stumble over is
// refused.
func Parse(src []byte) (*State, error) {
	s := NewState()
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.DisallowUnknownFields()
	if err := dec.Decode(s); err != nil {
		return nil, fmt.Errorf("parse ledger state: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("parse ledger state: %w: more stands behind it", ErrInvalid)
	}
	if err := s.validate(); err != nil {
		return nil, fmt.Errorf("parse ledger state: %w", err)
	}
	return s, nil
}

func (s *State) validate() error {
	if s.Rosters == nil || s.Told == nil || s.Reps == nil || s.Books == nil || s.Leads == nil || s.Held == nil || s.Offers == nil || s.Bearers == nil || s.Tails == nil {
		return fmt.Errorf("%w: a part is null", ErrInvalid)
	}
	if s.Sequence < 0 || s.At < 0 || s.Epoch < 0 {
		return fmt.Errorf("%w: sequence %d, time %d, epoch %d", ErrInvalid, s.Sequence, s.At, s.Epoch)
	}
	for digest, reps := range s.Rosters {
		if err := (&Roster{Digest: digest, Reps: reps}).validate(); err != nil {
			return fmt.Errorf("%w: roster %q: %w", ErrInvalid, digest, err)
		}
	}
	for digest, told := range s.Told {
		if s.Rosters[digest] == nil || told == nil {
			return fmt.Errorf("%w: told of roster %q", ErrInvalid, digest)
		}
	}
	for id, rep := range s.Reps {
		if rep == nil {
			return fmt.Errorf("%w: rep %q is null", ErrInvalid, id)
		}
	}
	for name, book := range s.Books {
		if book == nil {
			return fmt.Errorf("%w: book %q is null", ErrInvalid, name)
		}
	}
	for id, lead := range s.Leads {
		if lead == nil || !lead.Turn.fits(s.Rosters) {
			return fmt.Errorf("%w: lead %q", ErrInvalid, id)
		}
	}
	for key, tail := range s.Tails {
		if tail == nil || tail.Partition.String() != key {
			return fmt.Errorf("%w: tail %q", ErrInvalid, key)
		}
	}
	return nil
}

// fits says whether an entry can be taken back.
func (e *Entry) fits(rosters map[string][]Terms) bool {
	if e == nil {
		return true
	}
	free := e.Free.Positions()
	return len(free) > 0 && int(free[len(free)-1]) < len(rosters[e.Roster]) &&
		e.Amount >= 0 && e.Amount <= MaxValue
}

// Diff lists where two states differ, a line each, ordered: path, s, other.
// Nothing means equal.
func (s *State) Diff(other *State) []string {
	left, err := json.Marshal(s)
	if err != nil {
		return []string{err.Error()}
	}
	right, err := json.Marshal(other)
	if err != nil {
		return []string{err.Error()}
	}
	var lines []string
	for _, d := range jsondiff.Compare(left, right) {
		lines = append(lines, fmt.Sprintf("/%s: %s, %s", d.Path, cmp.Or(d.Left, "-"), cmp.Or(d.Right, "-")))
	}
	return lines
}
