package audit

import (
	"encoding/json"
	"fmt"
	"strings"

	"leadrouter/pkg/jsondiff"
	"leadrouter/pkg/ledger"
)

// Hold compares what a store holds with what the log comes to, of which all has been read. It
// is an error if they are not as of one sequence: routers are at work then.
func (p *Pass) Hold(held *ledger.State) error {
	log := p.auditor.folder.State()
	if held.Sequence != log.Sequence {
		return fmt.Errorf("redis is at sequence %d and the log at %d: routers are at work; stop them, or audit again when nothing comes in",
			held.Sequence, log.Sequence)
	}
	want, got := log.Logged(), held.Logged()
	want.Sweep()
	got.Sweep()
	want.Epoch = got.Epoch // the log hears of an epoch with its next decision
	left, err := json.Marshal(want)
	if err != nil {
		return fmt.Errorf("write the ledger of the log: %w", err)
	}
	right, err := json.Marshal(got)
	if err != nil {
		return fmt.Errorf("write the ledger of redis: %w", err)
	}
	p.auditor.held(log.Sequence, jsondiff.Compare(left, right))
	return nil
}

// held makes a finding of all that differs in one entry: a rep, a book, a lead.
func (a *Auditor) held(sequence int64, differences []jsondiff.Difference) {
	var f *Finding
	tell := func() {
		if f != nil {
			a.find(*f)
		}
	}
	for _, d := range differences {
		part, rest, _ := strings.Cut(d.Path, "/")
		name, field, _ := strings.Cut(rest, "/")
		what := fmt.Sprintf("of %s %s the log and redis tell differently; leadrouter rebuild goes by the log", part, name)
		if f == nil || f.What != what {
			tell()
			f = &Finding{Kind: Held, Sequence: sequence, What: what}
			if part == "leads" {
				f.Lead = name
			}
		}
		f.Differences = append(f.Differences, Difference{Path: field, Logged: d.Left, Derived: d.Right})
	}
	tell()
}
