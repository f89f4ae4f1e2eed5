package redisledger

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"leadrouter/pkg/ledger"
)

// parseGrant reads a grant as lua/1_contract.lua describes it. Of every lead that gets
// an owner one comes, so that the list is not left to package json, which would take as
// long as all else that the client does; gjson takes one and a half times as long as
// this, and four times where it also checks what it reads.
func parseGrant(text string, g *ledger.Grant) error {
	if !strings.HasPrefix(text, "[") {
		return json.Unmarshal([]byte(text), g)
	}
	l := values{rest: text[1:]}
	g.Effect = ledger.Owned
	g.Sequence, g.Floor, g.Epoch, g.At = l.number(), l.number(), l.number(), l.number()
	g.Lead, g.Attempt, g.Outcome = l.text(), int(l.number()), ledger.Outcome(l.text())
	g.Step, g.Rep, g.Value, g.Test, g.Over = int(l.number()), l.text(), l.number(), l.number() == 1, l.number() == 1
	turn := ledger.Turn{
		Book: l.text(), Amount: l.number(), Free: ledger.Bitmap(l.text()), Before: l.number(), After: l.number(),
	}
	if turn.Book != "" {
		g.Turn = &turn
	}
	load := ledger.Load{Open: l.number(), OpenValue: l.number(), Hour: l.number(), Day: l.number(), Week: l.number()}
	g.Load, g.Roster = &load, l.text()
	g.Traits, g.Pins = parseTraits(l.text()), l.number() == 1
	if l.err != nil || l.rest == "" {
		return l.err
	}
	if err := json.Unmarshal([]byte(strings.TrimSuffix(l.rest, "]")), &g.Held); err != nil {
		return fmt.Errorf("held activities: %w", err)
	}
	return nil
}

// values are the numbers and strings of a JSON list, taken one by one; the first error
// is kept.
type values struct {
	rest string
	err  error
}

// end takes n bytes and the comma or bracket behind them.
func (v *values) end(n int) string {
	if n < 0 || n >= len(v.rest) || v.rest[n] != ',' && v.rest[n] != ']' {
		v.err = cmp.Or(v.err, fmt.Errorf("list ends at %.20q", v.rest))
		v.rest = ""
		return ""
	}
	taken := v.rest[:n]
	v.rest = v.rest[n+1:]
	return taken
}

func (v *values) number() int64 {
	text := v.end(strings.IndexAny(v.rest, ",]"))
	n, err := strconv.ParseInt(text, 10, 64)
	v.err = cmp.Or(v.err, err)
	return n
}

func (v *values) text() string {
	if plain, behind, ok := strings.Cut(strings.TrimPrefix(v.rest, `"`), `"`); ok && !strings.Contains(plain, `\`) {
		v.end(len(v.rest) - len(behind))
		return plain
	}
	n := 1
	for n < len(v.rest) && v.rest[n] != '"' {
		if v.rest[n] == '\\' {
			n++
		}
		n++
	}
	var s string
	v.err = cmp.Or(v.err, json.Unmarshal([]byte(v.end(n+1)), &s))
	return s
}
