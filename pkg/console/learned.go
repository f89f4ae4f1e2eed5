package console

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"leadrouter/pkg/enrich"
	"leadrouter/pkg/lead"
)

// WriteLearned prints which of a lead's facts its sender did not give, and where they come
// from:
//
//	know  country DE (from the phone), language de (from the country)
func WriteLearned(w io.Writer, facts lead.Facts, e *lead.Evidence) error {
	var b strings.Builder
	section(&b, "know", learned(facts, e))
	_, err := io.WriteString(w, b.String())
	return err
}

// learned is one line, or none.
func learned(facts lead.Facts, e *lead.Evidence) []string {
	if e == nil {
		return nil
	}
	var items []string
	for _, name := range slices.Sorted(maps.Keys(e.From)) {
		if v, known := facts[name]; known {
			items = append(items, fmt.Sprintf("%s %s (from %s)", name, valueOf(v), sourceOf(e.From[name])))
		}
	}
	if len(items) == 0 {
		return nil
	}
	return []string{Printable(strings.Join(items, ", "))}
}

func valueOf(v any) string {
	switch v := v.(type) {
	case float64:
		return Amount(v)
	case bool:
		return strconv.FormatBool(v)
	}
	return fmt.Sprint(v)
}

// sourceOf names where a fact comes from; a provider by its own name.
func sourceOf(from string) string {
	switch from {
	case enrich.FromEmail:
		return "the e-mail address"
	case enrich.FromPhone:
		return "the phone"
	case enrich.FromPostal:
		return "the postal code"
	case enrich.FromIP:
		return "the IP address"
	case enrich.FromCountry:
		return "the country"
	case enrich.FromRegion:
		return "the region"
	case enrich.FromTitle:
		return "the job title"
	}
	return from
}
