package systemtest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
)

// companies stay with whoever has their first lead, and persons with whoever has theirs.
const companies = `
policy: companies
reps: {ana: {}, ben: {}, carl: {}, dora: {}, emil: {}, fay: {}, gus: {}}
rules:
  - {name: same-person, when: duplicate, to: [last_owner, next]}
  - {name: same-company, to: [company_owner, next]}
  - {name: anyone, to: all}
`

// TestPairsOfOneCompany: two leads of each of a thousand companies come at the same moment, on
// any partition, to two routers, of which one is killed now and then; each company ends with
// one owner, and so does each person who comes again.
func TestPairsOfOneCompany(t *testing.T) {
	t.Parallel()
	const pairs = 1_000
	in := install(t, oneFile(companies))
	routers := []*process{in.router("a"), in.router("b")}
	for from := 0; from < pairs; from += pairs / 4 {
		in.publish(event.LeadCreated, pairsOf(from, from+pairs/4)...)
		routers[1].kill()
		routers[1] = in.launch("router", "b")
	}
	in.awaitAssigned(2*pairs, 2*time.Minute)
	again := make([]*kstream.Record, 0, pairs/10)
	for i := range pairs / 10 {
		id := fmt.Sprintf("again-%04d", i)
		again = append(again, keyed(id, `{"id":%q,"email":"p.%d@company-%d.example"}`, id, 2*i, i))
	}
	in.publish(event.LeadCreated, again...)
	leads := in.awaitAssigned(2*pairs+len(again), time.Minute)
	in.awaitCommitted(time.Minute)
	for _, p := range routers {
		code, _ := p.stop()
		require.Zero(t, code, p.log)
	}

	owners, first, spread := map[string]map[string]bool{}, 0, map[string]int{}
	for _, a := range leads {
		_, company, _ := strings.Cut(a.Lead.Email, "@")
		if owners[company] == nil {
			owners[company] = map[string]bool{}
		}
		owners[company][a.RepID] = true
		if a.Rule == "anyone" {
			first++
			spread[a.RepID]++
		}
		if a.LeadID[0] == 'a' {
			require.Equal(t, ledger.Duplicate, a.Outcome, a.LeadID)
		}
	}
	require.Len(t, owners, pairs)
	for company, of := range owners {
		require.Len(t, of, 1, company)
	}
	require.Equal(t, pairs, first, "one lead of each company goes by turns")
	t.Logf("turns %v", spread)
	in.recountLog()
	in.requireFolded()
	verdict := in.requireProven(oneFile(companies))
	require.Equal(t, verdict.Decisions, verdict.Proven)
	in.requireNoDeadLetters()
}

// pairsOf are two leads of each company, next to each other.
func pairsOf(from, to int) []*kstream.Record {
	var records []*kstream.Record
	for n := 2 * from; n < 2*to; n++ {
		id := fmt.Sprintf("P-%05d", n)
		records = append(records, keyed(id, `{"id":%q,"email":"p.%d@company-%d.example"}`, id, n, n/2))
	}
	return records
}
