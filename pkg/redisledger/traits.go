package redisledger

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

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

// leadHead is more than a lead's list takes, mostly; its draft is much longer.
const leadHead = 1_023

// Sketches implements [ledger.Store].
func (l *Ledger) Sketches(ctx context.Context, ids []string) (map[string]string, error) {
	found := make(map[string]string, len(ids))
	k := l.keys(l.binding().generation)
	for page := range slices.Chunk(ids, scanPage) {
		heads, err := l.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, id := range page {
				p.GetRange(ctx, k.lead(id), 0, leadHead)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("look at the sketches of %d leads: %w", len(ids), classify(err))
		}
		for i, head := range heads {
			if t := parseTraits(lastText(head.(*redis.StringCmd).Val())); t != nil && t.Sketch != "" {
				found[page[i]] = t.Sketch
			}
		}
	}
	return found, nil
}

// lastText is the last value of a lead's list, its traits: to read the rest would take
// longer by far. A list that is cut off has none.
func lastText(stored string) string {
	list, _, _ := strings.Cut(stored, draftMark)
	if !strings.HasSuffix(list, `"]`) {
		return ""
	}
	_, last, _ := strings.Cut(list[max(strings.LastIndexByte(list, ','), 0):], `"`)
	return strings.TrimSuffix(last, `"]`)
}

// pages reads the values of keys, many at a time; those that are not there are left out.
func (l *Ledger) pages(ctx context.Context, names []string, key func(string) string, visit func(name, value string) error) error {
	for page := range slices.Chunk(names, scanPage) {
		keys := make([]string, len(page))
		for i, name := range page {
			keys[i] = key(name)
		}
		values, err := l.client.MGet(ctx, keys...).Result()
		if err != nil {
			return classify(err)
		}
		for i, value := range values {
			if value == nil {
				continue
			}
			if err := visit(page[i], text(value)); err != nil {
				return fmt.Errorf("%s: %w", page[i], err)
			}
		}
	}
	return nil
}

// Bearers implements [ledger.Store].
func (l *Ledger) Bearers(ctx context.Context, traits []string) (map[string]ledger.Bearer, error) {
	return l.bearers(ctx, l.keys(l.binding().generation), traits)
}

func (l *Ledger) bearers(ctx context.Context, k keys, traits []string) (map[string]ledger.Bearer, error) {
	found := make(map[string]ledger.Bearer, len(traits))
	err := l.pages(ctx, traits, k.bearer, func(trait, stored string) (err error) {
		found[trait], err = parseBearer(stored)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look at who stands for %d traits: %w", len(traits), err)
	}
	return found, nil
}
