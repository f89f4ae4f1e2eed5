package providers

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/lead"
)

// Tried is what one provider says of a lead.
type Tried struct {
	Provider string
	Result   Result
	Took     time.Duration
	Fields   []Value // in the order of the file
	Refused  int     // values that are not of their fact's type
	Err      error   // why there is no answer, in words of our own
}

// Value is a fact and its value, as JSON.
type Value struct {
	Name  string          `json:"name"`
	Value json.RawMessage `json:"value"`
}

// ErrNotAsked is told of a provider whose URL needs what the lead does not have.
var ErrNotAsked = errors.New("not asked: the lead lacks a fact that the URL needs")

// Try asks every provider of a file once about a lead, all at once, with neither cache nor
// budget, and says what came of it. client is nil for one of its own. The lead stays as it is.
func Try(ctx context.Context, f File, l *lead.Lead, client *http.Client, c clock.Clock) []Tried {
	if client == nil {
		client = newClient()
		defer client.CloseIdleConnections()
	}
	out := make([]Tried, len(f.Providers))
	var calls errgroup.Group
	for i := range f.Providers {
		calls.Go(func() error {
			out[i] = f.Providers[i].try(ctx, l, client, c)
			return nil
		})
	}
	_ = calls.Wait() // each says for itself
	return out
}

func (p *Provider) try(ctx context.Context, l *lead.Lead, client *http.Client, c clock.Clock) Tried {
	t := Tried{Provider: p.Name}
	address, ok := p.url.fill(l)
	if !ok {
		t.Err = ErrNotAsked
		return t
	}
	start := c.Now()
	a, refused := p.ask(ctx, client, address)
	t.Result, t.Refused, t.Err, t.Took = a.result, refused, a.err, c.Now().Sub(start)
	for i, raw := range a.values {
		if raw != "" {
			t.Fields = append(t.Fields, Value{Name: p.Fields[i].Name, Value: json.RawMessage(raw)})
		}
	}
	return t
}

// Fill gives a lead what was found, as a decision would have it: of two that know a fact the
// first counts, and what the lead knows stays.
func Fill(l *lead.Lead, f File, tried []Tried) {
	for i, t := range tried {
		p := &f.Providers[i]
		values := make([]string, len(p.Fields))
		for _, v := range t.Fields {
			for k := range p.Fields {
				if p.Fields[k].Name == v.Name {
					values[k] = string(v.Value)
				}
			}
		}
		p.fill(l, answer{values: values})
		if !t.Result.known() && !errors.Is(t.Err, ErrNotAsked) {
			l.Missed(p.Name)
		}
	}
}
