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

// WriteKnown prints which of a lead's facts its sender did not give, and where they come
// from:
//
//	know  language de (from the country)
//	      country DE, timezone Europe/Berlin (from the phone)
//	      duplicate of L-17 (by the email; 99 % sure)
func WriteKnown(w io.Writer, facts lead.Facts, e *lead.Evidence) error {
	var b strings.Builder
	section(&b, "know", known(facts, e))
	_, err := io.WriteString(w, b.String())
	return err
}

// known has a line for each source that gave something.
func known(facts lead.Facts, e *lead.Evidence) []string {
	if e == nil {
		return nil
	}
	given := map[string][]string{} // by source
	for _, name := range slices.Sorted(maps.Keys(e.From)) {
		if v, ok := facts[name]; ok {
			given[e.From[name]] = append(given[e.From[name]], name+" "+valueOf(v))
		}
	}
	var lines []string
	for _, from := range slices.Sorted(maps.Keys(given)) {
		lines = append(lines, Printable(strings.Join(given[from], ", ")+" (from "+sourceOf(from)+")"))
	}
	return append(lines, duplicateLines(e.Duplicate)...)
}

// duplicateLines name the earlier lead of the same person.
func duplicateLines(d *lead.DuplicateMatch) []string {
	if d == nil {
		return nil
	}
	return []string{Printable(fmt.Sprintf("duplicate of %s (by the %s; %d %% sure)", d.Lead, d.By, d.Score*100/lead.Certain))}
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
