package simulate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"leadrouter/pkg/enrich"
	"leadrouter/pkg/lead"
)

// Spec says which leads to make up.
//
//	from: 2026-01-05
//	until: 2026-04-01
//	per_week: 1200
//	zone: Europe/Berlin          # default UTC
//	hours: {9-17: 10, 7-8: 3}    # weights; hours that none names have none; default: all alike
//	weekdays: {mon-fri: 5, sat: 1}
//	mix:                         # each fact by itself: values and weights
//	  country: {DE: 5, US: 3, unknown: 1}
//	  company.employees: {20: 3, 800: 1}
//	answers: {accepted: 12m, contacted: 40m, never: 5}   # medians, percent; in working time
//	closes: {after: 14d, share: 80}                      # median, percent
type Spec struct {
	from, until time.Time
	zone        *time.Location
	perWeek     float64
	hours       [24]float64
	weekdays    [7]float64 // by time.Weekday
	mix         []fact
	answers     *answers
	closes      *closes
	enricher    *enrich.Enricher // adds what a router would find out
}

// fact is one thing about a lead, and how often it is what.
type fact struct {
	values []lead.Facts // one fact each; nil: unknown
	upTo   []float64    // shares added up, the last 1
}

type answers struct{ accepted, contacted, never float64 } // milliseconds, share

type closes struct{ after, share float64 } // milliseconds, share

// rawSpec is a spec as it is written.
type rawSpec struct {
	From     string             `yaml:"from"`
	Until    string             `yaml:"until"`
	PerWeek  float64            `yaml:"per_week"`
	Zone     string             `yaml:"zone"`
	Hours    map[string]float64 `yaml:"hours"`
	Weekdays map[string]float64 `yaml:"weekdays"`
	Mix      yaml.Node          `yaml:"mix"`
	Answers  *struct {
		Accepted  string  `yaml:"accepted"`
		Contacted string  `yaml:"contacted"`
		Never     float64 `yaml:"never"`
	} `yaml:"answers"`
	Closes *struct {
		After string  `yaml:"after"`
		Share float64 `yaml:"share"`
	} `yaml:"closes"`
}

// ParseSpec reads a spec. All that is wrong with it is told at once.
func ParseSpec(src []byte) (*Spec, error) {
	var raw rawSpec
	dec := yaml.NewDecoder(bytes.NewReader(src))
	dec.KnownFields(true)
	if err := dec.Decode(&raw); err != nil {
		return nil, err
	}
	s := &Spec{zone: time.UTC, perWeek: raw.PerWeek, enricher: enrich.New(enrich.Config{})}
	err := errors.Join(s.times(&raw), s.weigh(&raw), s.facts(&raw.Mix), s.people(&raw))
	return s, err
}

func (s *Spec) times(raw *rawSpec) (err error) {
	var errs []error
	if raw.Zone != "" {
		if s.zone, err = time.LoadLocation(raw.Zone); err != nil {
			return fmt.Errorf("zone: %w", err)
		}
	}
	for _, x := range []struct {
		name, text string
		to         *time.Time
	}{{"from", raw.From, &s.from}, {"until", raw.Until, &s.until}} {
		if *x.to, err = time.ParseInLocation(time.DateOnly, x.text, s.zone); err != nil {
			errs = append(errs, fmt.Errorf("%s: want a day such as 2026-01-05, not %q", x.name, x.text))
		}
	}
	if len(errs) == 0 && !s.until.After(s.from) {
		errs = append(errs, fmt.Errorf("until: %s is not after %s", raw.Until, raw.From))
	}
	if s.perWeek <= 0 || s.perWeek > 10_000_000 {
		errs = append(errs, fmt.Errorf("per_week: want a number of leads up to 10,000,000, not %v", s.perWeek))
	}
	return errors.Join(errs...)
}

// weigh reads the weights of hours and weekdays.
func (s *Spec) weigh(raw *rawSpec) error {
	hour := func(text string) (int, bool) {
		n, err := strconv.Atoi(text)
		return n, err == nil && n >= 0 && n < 24
	}
	names := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	day := func(text string) (int, bool) { n := slices.Index(names, text); return n, n >= 0 }
	return errors.Join(
		weights("hours", raw.Hours, s.hours[:], hour),
		weights("weekdays", raw.Weekdays, s.weekdays[:], day),
	)
}

// weights reads {9-17: 10, 20: 1} into a circle of places.
func weights(name string, from map[string]float64, to []float64, place func(string) (int, bool)) error {
	total := 0.0
	for _, text := range sortedKeys(from) {
		first, last, isRange := strings.Cut(text, "-")
		if !isRange {
			last = first
		}
		a, okA := place(first)
		b, okB := place(last)
		if w := from[text]; !okA || !okB || w < 0 {
			return fmt.Errorf("%s: %s: %v is not understood", name, text, w)
		}
		for i := a; ; i = (i + 1) % len(to) {
			to[i] = from[text]
			total += from[text]
			if i == b {
				break
			}
		}
	}
	if total == 0 {
		if len(from) > 0 {
			return fmt.Errorf("%s: no lead ever comes", name)
		}
		for i := range to {
			to[i] = 1
		}
	}
	return nil
}

// facts reads the mix. A value is tried as a lead would bring it.
func (s *Spec) facts(mix *yaml.Node) error {
	if mix.Kind == 0 {
		return nil
	}
	if mix.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: mix wants facts and their values", mix.Line)
	}
	for i := 0; i < len(mix.Content); i += 2 {
		name, values := mix.Content[i].Value, mix.Content[i+1]
		f := fact{}
		total := 0.0
		for k := 0; values.Kind == yaml.MappingNode && k < len(values.Content); k += 2 {
			weight, err := strconv.ParseFloat(values.Content[k+1].Value, 64)
			if err != nil || weight < 0 {
				return fmt.Errorf("line %d: %s: want a weight, not %q", values.Content[k].Line, name, values.Content[k+1].Value)
			}
			one, err := factOf(name, values.Content[k])
			if err != nil {
				return fmt.Errorf("line %d: %w", values.Content[k].Line, err)
			}
			total += weight
			f.values, f.upTo = append(f.values, one), append(f.upTo, total)
		}
		if total == 0 {
			return fmt.Errorf("line %d: %s wants values and weights: {DE: 5, US: 3}", values.Line, name)
		}
		for k := range f.upTo {
			f.upTo[k] /= total
		}
		s.mix = append(s.mix, f)
	}
	return nil
}

// factOf is the fact that a lead with this value has.
func factOf(name string, value *yaml.Node) (lead.Facts, error) {
	if _, known := lead.Lookup(name); !known {
		return nil, fmt.Errorf("%s is nothing that a lead has", name)
	}
	if value.Value == "unknown" {
		return nil, nil
	}
	var v any
	if err := value.Decode(&v); err != nil {
		return nil, err
	}
	for parts := strings.Split(name, "."); len(parts) > 1; parts = parts[:len(parts)-1] {
		v = map[string]any{parts[len(parts)-1]: v}
	}
	first, _, _ := strings.Cut(name, ".")
	raw, err := json.Marshal(map[string]any{"id": "sample", first: v})
	if err != nil {
		return nil, err
	}
	l, err := lead.Parse(raw)
	if err != nil {
		return nil, err
	}
	facts := l.Facts()
	if _, known := lead.Lookup(name); known && facts[name] == nil {
		return nil, lead.Fail(lead.WrongType, name, "is not a value that it can have")
	}
	for _, own := range []string{"id", "test", "bulk"} {
		delete(facts, own)
	}
	return facts, nil
}

// people reads how soon owners answer and leads close.
func (s *Spec) people(raw *rawSpec) error {
	var errs []error
	span := func(name, text string) float64 {
		days := 0
		rest := text
		if n, after, ok := strings.Cut(text, "d"); ok {
			if d, err := strconv.Atoi(n); err == nil {
				days, rest = d, after
			}
		}
		d, err := time.ParseDuration(rest)
		if rest == "" && days > 0 {
			d, err = 0, nil
		}
		d += time.Duration(days) * 24 * time.Hour
		if err != nil || d <= 0 {
			errs = append(errs, fmt.Errorf("%s: want a time such as 12m or 14d, not %q", name, text))
		}
		return float64(d.Milliseconds())
	}
	percent := func(name string, n float64) float64 {
		if n < 0 || n > 100 {
			errs = append(errs, fmt.Errorf("%s: want percent, not %v", name, n))
		}
		return n / 100
	}
	if a := raw.Answers; a != nil {
		s.answers = &answers{span("answers.accepted", a.Accepted), span("answers.contacted", a.Contacted), percent("answers.never", a.Never)}
	}
	if c := raw.Closes; c != nil {
		s.closes = &closes{span("closes.after", c.After), percent("closes.share", c.Share)}
	}
	return errors.Join(errs...)
}
