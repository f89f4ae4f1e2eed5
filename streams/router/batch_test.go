package router_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
)

// Whatever is accepted can be written; the limit is met from both sides.
func TestWhatIsTooLargeIsRefusedBeforeItIsGranted(t *testing.T) {
	t.Parallel()
	fits := func(size int) (ok bool) {
		b := setup(t)
		out := b.handle(b.record(event.LeadCreated, fmt.Sprintf(`{"id":"L-1","country":"DE","attributes":%s}`, filler(size))))
		for _, r := range out.Records {
			require.True(t, kstream.Config{}.Fits(r), "%s of %d bytes at %d", r.Topic, len(r.Value), size)
		}
		state, err := b.store.Dump(t.Context())
		require.NoError(t, err)
		if len(out.DLQ) == 0 {
			require.Len(t, state.Leads, 1)
			return true
		}
		require.Equal(t, "too_large", out.DLQ[0].Code)
		require.Zero(t, state.Sequence, "nothing was granted")
		return false
	}
	low, high := 1<<10, 1<<20
	require.True(t, fits(low))
	require.False(t, fits(high))
	for high-low > 512 {
		if middle := (low + high) / 2; fits(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	require.Greater(t, 6*low, 900<<10, "little of a message is left unused")
}

// filler is an object of attributes of about so many bytes, each of which takes six
// bytes when it is written again.
func filler(size int) string {
	var parts []string
	for i := 0; size > 0; i++ {
		n := min(size, 64<<10)
		parts = append(parts, fmt.Sprintf(`"a%d":"%s"`, i, strings.Repeat("<", n)))
		size -= n
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// Records of one lead in one batch follow each other, those of another partition once
// these are committed; their sequences are dense and in the order in which they were
// applied.
func TestTheLifeOfALeadAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	lead := b.created("L-1", "DE")
	again := b.created("L-1", "US")
	accepted := b.record(event.LeadActivity, `{"lead_id":"L-1","activity":"accepted"}`)
	closed := b.record(event.LeadActivity, `{"lead_id":"L-1","activity":"closed"}`)
	late := b.record(event.LeadActivity, `{"lead_id":"L-1","activity":"contacted"}`)

	sequence := int64(0)
	effects := func(out kstream.Output) (effects []ledger.Effect) {
		for _, d := range decisions(t, out) {
			sequence++
			require.Equal(t, sequence, d.Grant.Sequence)
			effects = append(effects, d.Grant.Effect)
		}
		return effects
	}
	afterCrash := func(whole kstream.Output, records ...*kstream.Record) {
		b.restart()
		b.fresh(records[0], 0)
		var parts kstream.Output
		for _, r := range records {
			parts.Records = append(parts.Records, b.handle(r).Records...)
		}
		require.Empty(t, cmp.Diff(text(whole), text(parts)), "the same records in other batches")
	}

	out := b.handle(accepted, closed, late, lead, again)
	require.Equal(t, []ledger.Effect{ledger.Owned, ledger.Repeat}, effects(out))
	afterCrash(out, lead, again)
	b.commit(out, lead, again)

	out = b.handle(accepted, closed, late)
	require.Equal(t, []ledger.Effect{ledger.Noted, ledger.Freed, ledger.Ignored}, effects(out))
	afterCrash(out, accepted, closed, late)
}

// A batch that is cut into sections gives what small batches give.
func TestManyRecordsInOneBatch(t *testing.T) {
	t.Parallel()
	const leads = 700
	whole, small := setup(t), setup(t)
	var want, got []string
	var batch []*kstream.Record
	for i := range leads {
		for _, b := range []*bundle{whole, small} {
			r := b.created(fmt.Sprintf("L-%d", i), []string{"DE", "ES", "US"}[i%3])
			if i%50 == 7 {
				r.Value = []byte("no json")
			}
			if b == whole {
				batch = append(batch, r)
				continue
			}
			for _, d := range decisions(t, b.handle(r)) {
				want = append(want, fmt.Sprintf("%d %s %s", d.Grant.Sequence, d.Grant.Lead, d.Grant.Rep))
			}
		}
	}
	out := whole.handle(batch...)
	for _, d := range decisions(t, out) {
		got = append(got, fmt.Sprintf("%d %s %s", d.Grant.Sequence, d.Grant.Lead, d.Grant.Rep))
	}
	require.Empty(t, cmp.Diff(want, got))
	require.Len(t, out.DLQ, leads/50)
}

// A busy record in an early section stops its partition in all later ones.
func TestABusyRecordStopsItsPartitionInAllSections(t *testing.T) {
	t.Parallel()
	b := setup(t)
	taken := b.created("L-0", "DE")
	b.handle(taken)
	first := b.record(event.LeadActivity, `{"lead_id":"L-0","activity":"closed"}`)
	batch := []*kstream.Record{first}
	for i := range 600 {
		batch = append(batch, b.record(event.LeadActivity, fmt.Sprintf(`{"lead_id":"X-%d","activity":"closed"}`, i)))
	}
	elsewhere := b.created("L-1", "DE")
	out := b.handle(slices.Concat(batch, []*kstream.Record{elsewhere})...)
	require.Len(t, decisions(t, out), 1)
	require.Equal(t, map[kstream.TopicPartition]int64{kstream.PartitionOf(first): first.Offset}, out.Until)
}

// Nothing of a record is told in errors: they end up in headers and logs.
func TestErrorsTellNothingPersonal(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const secret = "jane.roe@private.example"
	for _, field := range []string{
		"id", "created_at", "source", "channel", "email", "phone", "first_name", "last_name", "job_title", "company",
		"country", "region", "city", "postal_code", "language", "timezone", "product", "use_case", "deal_value", "currency",
		"intent", "account_id", "referred_by", "tags", "attributes", "test", "bulk",
	} {
		for _, value := range []string{`"%s \u0001"`, `["%s"]`, `{"%s":1}`, `{"name":["%s"]}`, `"%s`, `%s`} {
			record := `{"id":"L-1","` + field + `":` + fmt.Sprintf(value, secret) + `}`
			for _, d := range b.handle(b.record(event.LeadCreated, record)).DLQ {
				require.NotContains(t, d.Err.Error(), "jane", record)
			}
		}
	}
	for _, record := range []string{
		`{"lead_id":"L-1","activity":"%s"}`, `{"lead_id":"%s\u0001","activity":"closed"}`, `{"lead_id":"L-1","activity":"closed","at":"%s"}`,
		`{"lead_id":"L-1","activity":"closed","attempt":"%s"}`, `{"lead_id":"L-1","activity":"closed","rep_id":["%s"]}`,
	} {
		for _, d := range b.handle(b.record(event.LeadActivity, fmt.Sprintf(record, secret))).DLQ {
			require.NotContains(t, d.Err.Error(), "jane", record)
		}
	}
}
