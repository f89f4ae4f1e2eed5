package redisledger

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"leadrouter/pkg/ledger"
)

// memo reads what lua/1_contract.lua calls a memo. The content of a roster is
// fetched where the memo needs it, which is rare, and left in rosters for the next.
func (l *Ledger) memo(ctx context.Context, p ledger.Partition, text string, rosters *rosterFields) (ledger.Memo, error) {
	m, installs, err := parseMemo(p, text)
	if err != nil || !installs && m.Grant.Undone == nil {
		return m, err
	}
	if *rosters == nil {
		fields, err := l.client.HGetAll(ctx, l.keys(l.binding().generation).rosters()).Result()
		if err != nil {
			return m, fmt.Errorf("read rosters for memo %s: %w", m.ID, classify(err))
		}
		*rosters = fields
	}
	return m, complete(&m, installs, *rosters)
}

// complete adds to a memo what it keeps of rosters by name only.
func complete(m *ledger.Memo, installs bool, fields rosterFields) error {
	if m.Before != nil && m.Before.Lead != nil && m.Before.Lead.Turn != nil {
		turn := m.Before.Lead.Turn
		turn.Roster = fields.digest(turn.Roster)
	}
	if m.Before != nil && m.Before.Lead != nil && m.Before.Lead.Line != nil {
		line := m.Before.Lead.Line
		line.Roster = fields.digest(line.Roster)
	}
	if !installs {
		return nil
	}
	grant := &m.Grant
	if grant.Undone != nil {
		grant = grant.Undone
	}
	var err error
	if grant.Install, err = fields.terms(grant.Roster); err != nil {
		return fmt.Errorf("read memo %s: %w", m.ID, err)
	}
	return nil
}

// parseMemo reads a memo without the content of the roster that it installs, and
// with the number instead of the digest of the one in Before.
func parseMemo(p ledger.Partition, text string) (m ledger.Memo, installs bool, err error) {
	parts := strings.SplitN(text, "\n", 6)
	if len(parts) != 6 {
		return m, false, fmt.Errorf("read memo of %s: %d parts", p, len(parts))
	}
	head := strings.Split(parts[0], " ")
	if len(head) != 4 {
		return m, false, fmt.Errorf("read memo of %s: head %q", p, parts[0])
	}
	n := numbers{}
	m.ID = ledger.OpID{Partition: p, Offset: n.read(head[0]), Ordinal: int32(n.read(head[1]))}
	if n.err != nil {
		return m, false, fmt.Errorf("read memo of %s: %w", p, n.err)
	}
	if err := parseGrant(parts[1], &m.Grant); err != nil {
		return m, false, fmt.Errorf("read memo %s: %w", m.ID, err)
	}
	if m.Before, err = parseImage(parts[3]); err != nil {
		return m, false, fmt.Errorf("read memo %s: %w", m.ID, err)
	}
	if parts[2] != "" {
		m.Grant.Undone, m.Grant.Before = &ledger.Grant{}, m.Before
		if err := parseGrant(parts[2], m.Grant.Undone); err != nil {
			return m, false, fmt.Errorf("read memo %s: %w", m.ID, err)
		}
	}
	m.Digest = parts[4]
	if parts[5] != "" {
		m.Body = []byte(parts[5])
	}
	return m, head[3] == "1", nil
}

// parseImage reads what was before: a lead, a rep's presence, or nothing.
func parseImage(text string) (*ledger.Image, error) {
	if text == "" {
		return nil, nil
	}
	if strings.HasPrefix(text, `["`) { // a lead begins with its outcome
		lead, err := parseLead(text)
		return &ledger.Image{Lead: lead}, err
	}
	var presence [2]int64
	if err := json.Unmarshal([]byte(text), &presence); err != nil {
		return nil, err
	}
	return &ledger.Image{Presence: presenceName(presence[0]), Until: presence[1]}, nil
}

// rosterFields is the rosters key as it is stored.
type rosterFields map[string]string

// terms reads the content of a roster.
func (f rosterFields) terms(digest string) ([]ledger.Terms, error) {
	number, ok := f[digest]
	if !ok {
		return nil, fmt.Errorf("roster %s is not installed", digest)
	}
	terms := []ledger.Terms{}
	for {
		text, ok := f[number+"/"+strconv.Itoa(len(terms))]
		if !ok {
			return terms, nil
		}
		t, err := parseTerms(text)
		if err != nil {
			return nil, fmt.Errorf("read roster %s: %w", digest, err)
		}
		terms = append(terms, t)
	}
}

// digests lists the rosters. Digests are what is neither the counter nor terms.
func (f rosterFields) digests() []string {
	var digests []string
	for field, value := range f {
		if field != rosterCount && !strings.HasPrefix(value, "[") {
			digests = append(digests, field)
		}
	}
	slices.Sort(digests)
	return digests
}

// digest finds the roster with a number.
func (f rosterFields) digest(number string) string {
	for _, digest := range f.digests() {
		if f[digest] == number {
			return digest
		}
	}
	return ""
}

// rosterCount is the field that counts the rosters.
const rosterCount = "#"
