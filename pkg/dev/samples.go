package dev

import (
	"context"
	"fmt"
	"time"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/lead"
)

// Chance gives each subject its own row of numbers, always the same: the n-th call of
// what it returns is a number from 0 to below the argument.
type Chance func(subject string) func(n int) int

// Samples publishes invented leads at a steady rate.
type Samples struct {
	Publisher *kstream.Publisher
	Instance  string
	Rate      float64 // leads a second
	Chance    Chance
	Clock     clock.Clock // of the leads
	Pace      clock.Clock // waits between two leads: the rate is in its seconds
	Published int         // leads so far; their ids are counted on
}

// Run publishes until ctx ends.
func (s *Samples) Run(ctx context.Context) error {
	if s.Rate <= 0 {
		return nil
	}
	pause := time.Duration(float64(time.Second) / s.Rate)
	for s.Pace.Sleep(ctx, pause) == nil {
		if err := s.Publisher.Publish(ctx, s.lead()); err != nil && ctx.Err() == nil {
			return fmt.Errorf("publish sample leads: %w", err)
		}
	}
	return nil
}

// lead invents the next lead.
func (s *Samples) lead() *kstream.Record {
	s.Published++
	id, now := fmt.Sprintf("L-%04d", s.Published), s.Clock.Now().UTC()
	chance := s.Chance(id)
	place := pick(chance, places())
	company := pick(chance, companies())
	employees := int64(pick(chance, []int{3, 12, 40, 180, 900, 6000}))
	l := lead.Lead{
		ID: id, CreatedAt: now,
		Source:  pick(chance, []string{"demo_request", "demo_request", "content_download", "webinar", "event", "referral"}),
		Country: place.country, Language: place.language,
		Company: lead.Company{Name: company, Employees: &employees},
		Product: pick(chance, []string{"core", "core", "risk", ""}),
	}
	if chance(2) == 0 {
		value := float64(1000 * (1 + chance(90)))
		l.DealValue = &value
	}
	switch chance(20) {
	case 0:
		l.Source, l.Tags = "referral", []string{"vip"}
	case 1:
		l.Company.Domain = "rival.example"
	}
	return encode(s.Instance, event.LeadCreated, "sample/"+id, id, now, l)
}

// encode makes the record of an event about a lead.
func encode(instance string, t event.Type, cause, lead string, at time.Time, data any) *kstream.Record {
	e, err := event.New(t, cause, 0, lead, at, data)
	if err != nil {
		panic(err) // our own structs can always be written
	}
	return kstream.Encode(t.Topic(instance), lead, e)
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
