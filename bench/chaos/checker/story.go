package checker

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Story tells what happened to a lead, a line for each record about it, by time.
func Story(h History, lead string) []string {
	var about []*Record
	for i := range h.Records {
		if h.Records[i].Key == lead {
			about = append(about, &h.Records[i])
		}
	}
	slices.SortStableFunc(about, func(a, b *Record) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Offset, b.Offset))
	})
	story := make([]string, len(about))
	for i, r := range about {
		story[i] = fmt.Sprintf("%s  %-14s %d@%-6d %s", r.At.UTC().Format("15:04:05.000"), r.Topic, r.Partition, r.Offset, brief(r))
	}
	return story
}

// most bytes of a record in a story.
const most = 160

// brief is what matters of a record.
func brief(r *Record) string {
	switch {
	case r.Value == nil:
		return "tombstone"
	case r.Topic == decisions:
		return briefDecision(r)
	case r.Topic == assigned:
		var a assignment
		if json.Unmarshal(r.Value, &a) == nil {
			return fmt.Sprintf("attempt %d %s %s from %q, sequence %d", a.Attempt, a.Outcome, a.Rep, a.Previous.Rep, a.Sequence)
		}
	case r.Topic == timers:
		var c clocks
		if json.Unmarshal(r.Value, &c) == nil {
			return briefClocks(c)
		}
	}
	var text bytes.Buffer
	if json.Compact(&text, r.Value) != nil {
		text = *bytes.NewBuffer(r.Value)
	}
	return strings.ToValidUTF8(text.String()[:min(text.Len(), most)], "")
}

func briefDecision(r *Record) string {
	var e entry
	if err := json.Unmarshal(r.Value, &e); err != nil {
		return err.Error()
	}
	g := e.Grant
	text := fmt.Sprintf("%s %s attempt %d %s %s, sequence %d, epoch %d, by %s/%d@%d",
		e.Kind, g.Effect, g.Attempt, g.Outcome, g.Rep, g.Sequence, g.Epoch, e.Op.Topic, e.Op.Partition, e.Op.Offset)
	if g.Undone != nil {
		text += fmt.Sprintf(", takes back %s of sequence %d", g.Undone.Effect, g.Undone.Sequence)
	}
	return text
}

func briefClocks(c clocks) string {
	var text strings.Builder
	fmt.Fprintf(&text, "attempt %d", c.Attempt)
	for _, d := range c.Due {
		fmt.Fprintf(&text, ", %s.%d %s", d.Clock, d.Stage, d.At.UTC().Format("15:04:05.000"))
	}
	return text.String()
}
