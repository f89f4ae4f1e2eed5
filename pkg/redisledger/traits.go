package redisledger

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"leadrouter/pkg/ledger"
)

// Traits are kept as words: see lua/6_traits.lua.
const (
	noCompany  = "-"
	sketchMark = "|"
)

func traitWords(t *ledger.Traits) string {
	if t == nil {
		return ""
	}
	company := t.Company
	if company == "" {
		company = noCompany
	}
	return strings.Join(append([]string{company}, t.Person...), " ") + sketchMark + t.Sketch
}

func parseTraits(words string) *ledger.Traits {
	if words == "" {
		return nil
	}
	list, sketch, _ := strings.Cut(words, sketchMark)
	t := &ledger.Traits{Sketch: sketch}
	company, rest, more := strings.Cut(list, " ")
	if company != noCompany {
		t.Company = company
	}
	if more {
		t.Person = strings.Split(rest, " ")
	}
	return t
}

func formatBearer(b ledger.Bearer) string {
	return b.Rep + "\n" + decimal(b.Closed) + "\n" + b.Lead
}

func parseBearer(text string) (ledger.Bearer, error) {
	parts := strings.SplitN(text, "\n", 3)
	if len(parts) != 3 {
		return ledger.Bearer{}, fmt.Errorf("read who stands for a trait: %d parts", len(parts))
	}
	n := numbers{}
	b := ledger.Bearer{Rep: parts[0], Closed: n.read(parts[1]), Lead: parts[2]}
	return b, n.err
}

// Bearers implements [ledger.Store].
func (l *Ledger) Bearers(ctx context.Context, traits []string) (map[string]ledger.Bearer, error) {
	return l.bearers(ctx, l.keys(l.binding().generation), traits)
}

func (l *Ledger) bearers(ctx context.Context, k keys, traits []string) (map[string]ledger.Bearer, error) {
	found := make(map[string]ledger.Bearer, len(traits))
	for page := range slices.Chunk(traits, scanPage) {
		names := make([]string, len(page))
		for i, trait := range page {
			names[i] = k.bearer(trait)
		}
		values, err := l.client.MGet(ctx, names...).Result()
		if err != nil {
			return nil, fmt.Errorf("look at who stands for %d traits: %w", len(traits), classify(err))
		}
		for i, value := range values {
			if value == nil {
				continue
			}
			if found[page[i]], err = parseBearer(text(value)); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}
