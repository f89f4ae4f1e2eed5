package dev

import (
	"context"
	"fmt"
	"time"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
)

// keepOpen is how many leads the sample company works on at a time; older ones
// are closed, so that capacity comes back.
const keepOpen = 150

// Samples publishes invented leads at a steady rate, and closes old ones.
type Samples struct {
	Publisher *kstream.Publisher
	Board     *Board
	Instance  string
	Rate      float64         // leads a second
	Chance    func(n int) int // a number below n
	Clock     clock.Clock     // of the leads; the rate is in its seconds
	Pace      clock.Clock     // waits between two leads
	Published int             // leads so far; their ids are counted on
}

// Run publishes until ctx ends.
func (s *Samples) Run(ctx context.Context) error {
	if s.Rate <= 0 {
		return nil
	}
	pause := time.Duration(float64(time.Second) / s.Rate)
	for s.Pace.Sleep(ctx, pause) == nil {
		records := []*kstream.Record{s.lead()}
		if id, l, ok := s.Board.OldestOpen(keepOpen); ok {
			records = append(records, s.closing(id, l))
		}
		if err := s.Publisher.Publish(ctx, records...); err != nil && ctx.Err() == nil {
			return fmt.Errorf("publish sample leads: %w", err)
		}
	}
	return nil
}

// lead invents the next lead.
func (s *Samples) lead() *kstream.Record {
	s.Published++
	place := pick(s.Chance, places())
	company := pick(s.Chance, companies())
	employees := int64([]int{3, 12, 40, 180, 900, 6000}[s.Chance(6)])
	l := lead.Lead{
		ID: fmt.Sprintf("L-%04d", s.Published), CreatedAt: s.Clock.Now().UTC(),
		Source:  pick(s.Chance, []string{"demo_request", "demo_request", "content_download", "webinar", "event", "referral"}),
		Country: place.country, Language: place.language,
		Company: lead.Company{Name: company, Employees: &employees},
		Product: pick(s.Chance, []string{"core", "core", "risk", ""}),
	}
	if s.Chance(2) == 0 {
		value := float64(1000 * (1 + s.Chance(90)))
		l.DealValue = &value
	}
	switch s.Chance(20) {
	case 0:
		l.Source, l.Tags = "referral", []string{"vip"}
	case 1:
		l.Company.Domain = "rival.example"
	}
	return s.record(event.LeadCreated, l.ID, l)
}

// closing ends a lead in one of the ways leads end.
func (s *Samples) closing(id string, l ledger.Lead) *kstream.Record {
	return s.record(event.LeadActivity, id, event.Activity{
		LeadID: id, Activity: pick(s.Chance, []string{ledger.Converted, ledger.Lost, ledger.Closed}),
		RepID: l.Rep, Attempt: l.Attempt, At: s.Clock.Now().UTC(),
	})
}

func (s *Samples) record(t event.Type, key string, data any) *kstream.Record {
	e, err := event.New(t, "sample/"+key, 0, key, s.Clock.Now(), data)
	if err != nil {
		panic(err) // our own structs can always be written
	}
	return kstream.Encode(t.Topic(s.Instance), key, e)
}

func pick[T any](chance func(int) int, list []T) T { return list[chance(len(list))] }

type place struct{ country, language string }

func places() []place {
	return []place{
		{"DE", "de"},
		{"AT", "de-AT"},
		{"CH", "de-CH"},
		{"GB", "en"},
		{"IE", "en"},
		{"US", "en-US"},
		{"US", "en-US"},
		{"FR", "fr"},
		{"BE", "fr"},
		{"ES", "es"},
		{"MX", "es-MX"},
		{"PT", "pt"},
		{"PL", ""},
	}
}

func companies() []string {
	return []string{
		"Weber Bank", "Northwind", "Café Lumière", "Hafen Logistik", "Olive & Co", "Blue Harbour",
		"Sierra Foods", "Atelier Nord", "Kestrel Health", "Vinhos do Sul", "Granite Works", "",
	}
}
