package redisledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"leadrouter/pkg/ledger"
)

// Values in Redis are JSON lists without names: see lua/1_contract.lua for their
// order. The script writes them; so does Load.

// list writes values as a JSON list.
func list(values ...any) (string, error) {
	src, err := json.Marshal(values)
	return string(src), err
}

// scan reads a JSON list into pointers, all of which must be there.
func scan(text string, into ...any) error {
	var values []json.RawMessage
	if err := json.Unmarshal([]byte(text), &values); err != nil {
		return err
	}
	if len(values) != len(into) {
		return fmt.Errorf("%d values, not %d", len(values), len(into))
	}
	for i := range values {
		if err := json.Unmarshal(values[i], into[i]); err != nil {
			return fmt.Errorf("value %d: %w", i+1, err)
		}
	}
	return nil
}

var presences = [...]string{ledger.Available, ledger.Away, ledger.Left}

func presenceName(code int64) string {
	if code < 0 || code >= int64(len(presences)) {
		return ""
	}
	return presences[code]
}

func presenceCode(name string) int {
	for code, presence := range presences {
		if presence == name {
			return code
		}
	}
	return 0
}

func formatRep(r *ledger.Rep) (string, error) {
	return list(presenceCode(r.Presence), r.Until, r.Open, r.OpenValue, r.Over,
		r.Hour.ID, r.Hour.Count, r.Day.ID, r.Day.Count, r.Week.ID, r.Week.Count, r.Last)
}

func parseRep(text string) (*ledger.Rep, error) {
	var presence int64
	r := &ledger.Rep{}
	err := scan(text, &presence, &r.Until, &r.Open, &r.OpenValue, &r.Over,
		&r.Hour.ID, &r.Hour.Count, &r.Day.ID, &r.Day.Count, &r.Week.ID, &r.Week.Count, &r.Last)
	r.Presence = presenceName(presence)
	return r, err
}

func parseTerms(text string) (ledger.Terms, error) {
	var t ledger.Terms
	c := &t.Caps
	err := scan(text, &t.ID, &t.Weight, &t.Offset, &c.Open, &c.OpenValue, &c.Hour, &c.Day, &c.Week)
	return t, err
}

func formatBook(book ledger.Book) (string, error) {
	values := make([]any, 0, 2*len(book))
	for _, rep := range slices.Sorted(maps.Keys(book)) {
		values = append(values, rep, book[rep])
	}
	return list(values...)
}

func parseBook(text string) (ledger.Book, error) {
	var values []json.RawMessage
	if err := json.Unmarshal([]byte(text), &values); err != nil {
		return nil, err
	}
	if len(values)%2 != 0 {
		return nil, fmt.Errorf("%d values are not pairs", len(values))
	}
	book := make(ledger.Book, len(values)/2)
	for pair := range slices.Chunk(values, 2) {
		var rep string
		var credit int64
		if err := errors.Join(json.Unmarshal(pair[0], &rep), json.Unmarshal(pair[1], &credit)); err != nil {
			return nil, err
		}
		book[rep] = credit
	}
	return book, nil
}

// draftMark stands between the list of a lead and its draft.
const draftMark = "\t"

// formatLead writes a lead; the numbers are those of the rosters of its turn and its
// place in line.
func formatLead(l *ledger.Lead, number, lineNumber string) (string, error) {
	line := ledger.Queue{}
	if l.Line != nil {
		line = *l.Line
		line.Roster = lineNumber
	}
	entry := ledger.Entry{}
	if l.Turn != nil {
		entry = *l.Turn
	}
	text, err := list(l.Outcome, l.Attempt, l.Rep, l.Value, bit(l.Test), bit(l.Over), l.Since,
		l.Accepted, l.Contacted, l.Qualified, l.Closed,
		partOf(l.Last), l.Last.Offset, l.Last.Ordinal, l.Batch,
		entry.Book, entry.Amount, entry.Free, number, l.Step,
		line.Rank, line.Since, line.Reps, line.Roster, traitWords(l.Traits))
	if len(l.Draft) > 0 {
		text += draftMark + string(l.Draft)
	}
	return text, err
}

// parseLead reads a lead with the number instead of the digest of a roster.
func parseLead(text string) (*ledger.Lead, error) {
	var part string
	var test, over int
	var entry ledger.Entry
	var line ledger.Queue
	var words string
	l := &ledger.Lead{}
	text, draft, _ := strings.Cut(text, draftMark)
	if draft != "" {
		l.Draft = []byte(draft)
	}
	err := scan(text, &l.Outcome, &l.Attempt, &l.Rep, &l.Value, &test, &over, &l.Since,
		&l.Accepted, &l.Contacted, &l.Qualified, &l.Closed,
		&part, &l.Last.Offset, &l.Last.Ordinal, &l.Batch,
		&entry.Book, &entry.Amount, &entry.Free, &entry.Roster, &l.Step,
		&line.Rank, &line.Since, &line.Reps, &line.Roster, &words)
	if err != nil {
		return nil, fmt.Errorf("read lead: %w", err)
	}
	l.Test, l.Over, l.Traits = test == 1, over == 1, parseTraits(words)
	if entry.Book != "" {
		l.Turn = &entry
	}
	if line.Roster != "" {
		l.Line = &line
	}
	l.Last.Partition, err = partition(part)
	return l, err
}

func formatOffer(o ledger.Offer) (string, error) {
	return list(o.Attempt, o.Rep, bit(o.Drain), o.Hops, o.Rank, o.Since)
}

func parseOffer(lead, text string) (ledger.Offer, error) {
	o, drain := ledger.Offer{Lead: lead}, 0
	err := scan(text, &o.Attempt, &o.Rep, &drain, &o.Hops, &o.Rank, &o.Since)
	o.Drain = drain == 1
	return o, err
}

func formatEarly(early []ledger.Early) (string, error) {
	rows := make([]any, len(early))
	for i, e := range early {
		rows[i] = []any{partOf(e.ID), e.ID.Offset, e.ID.Ordinal, e.Verb, e.Attempt, e.Batch, e.By}
	}
	return list(rows...)
}

func parseEarly(text string) ([]ledger.Early, error) {
	var rows []json.RawMessage
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		return nil, fmt.Errorf("read held activities: %w", err)
	}
	early := make([]ledger.Early, len(rows))
	for i := range rows {
		e := &early[i]
		var part string
		err := scan(string(rows[i]), &part, &e.ID.Offset, &e.ID.Ordinal, &e.Verb, &e.Attempt, &e.Batch, &e.By)
		if err == nil {
			e.ID.Partition, err = partition(part)
		}
		if err != nil {
			return nil, fmt.Errorf("read held activity: %w", err)
		}
	}
	return early, nil
}

func partOf(id ledger.OpID) string { return id.Partition.String() }

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
