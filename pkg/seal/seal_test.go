package seal_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"leadrouter/pkg/event"
	"leadrouter/pkg/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sealed seals records and cuts the seals at random.
func sealed(t *rapid.T, records []seal.Record) (data [][]byte) {
	m := seal.NewMaker(seal.Link{})
	for i, r := range records {
		m.Add(r)
		if i == len(records)-1 || rapid.IntRange(0, 199).Draw(t, "cut") == 0 {
			s := m.Seal(int64(i), time.UnixMilli(0))
			text, err := json.Marshal(s)
			require.NoError(t, err)
			m.Sealed(s, text)
			require.Zero(t, m.Count())
			require.Equal(t, s.Number, m.Last().Number)
			data = append(data, text)
		}
	}
	return data
}

// held holds records against seals.
func held(t *rapid.T, data [][]byte, records []seal.Record) []seal.Mismatch {
	chain, checker := seal.Chain{}, seal.NewChecker()
	for _, text := range data {
		s, err := chain.Add(text)
		require.NoError(t, err)
		checker.Expect(s)
	}
	var found []seal.Mismatch
	for _, r := range records {
		found = append(found, checker.Add(r)...)
	}
	return append(found, checker.Close()...)
}

// draw makes a log of some partitions, with holes where markers of transactions are.
func draw(t *rapid.T) []seal.Record {
	var records []seal.Record
	next := map[int32]int64{}
	n := rapid.SampledFrom([]int{1, 7, 300, 1500}).Draw(t, "records")
	for i := range n {
		p := int32(i*7919%11) % int32(1+n%3)
		if i%5 == 0 {
			next[p]++ // a marker
		}
		records = append(records, seal.Record{Partition: p, Offset: next[p], Key: []byte{byte(i)}, Value: fmt.Append(nil, "value ", i)})
		next[p]++
	}
	return records
}

func TestWhatIsSealedIsFoundAgain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		records := draw(t)
		require.Empty(t, held(t, sealed(t, records), records))
	})
}

// One record that is not what it was: one block is named, and it is the right one.
func TestATamperedRecordIsLocated(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		records := draw(t)
		data := sealed(t, records)
		i := rapid.IntRange(0, len(records)-1).Draw(t, "tampered")
		bad := records[i]
		spoiled, more := slices.Clone(records), 0
		switch rapid.IntRange(0, 3).Draw(t, "how") {
		case 0:
			spoiled[i].Value = append(bytes.Clone(bad.Value), 'x')
		case 1: // a byte moves from the value to the key
			spoiled[i].Key, spoiled[i].Value = append(bytes.Clone(bad.Key), bad.Value[0]), bad.Value[1:]
		case 2:
			spoiled, more = slices.Delete(spoiled, i, i+1), -1
		default: // where a marker was, or a second record at its place
			bad.Value = []byte("forged")
			spoiled, more = slices.Insert(spoiled, i, bad), 1
		}
		found := held(t, data, spoiled)
		require.Len(t, found, 1)
		require.Equal(t, bad.Partition, found[0].Partition)
		require.True(t, found[0].From <= bad.Offset && bad.Offset < found[0].To, "%s, not %d", found[0], bad.Offset)
		require.LessOrEqual(t, found[0].Sealed, 256)
		require.Equal(t, found[0].Sealed+more, found[0].Found)
		for word, change := range map[string]int{"gone": -1, "added": 1, "are not what was sealed": 0} {
			require.Equal(t, change == more, strings.Contains(found[0].String(), word), found[0].String())
		}
	})
}

// A log that was cut off behind a seal is found, however much is gone.
func TestACutLogIsFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		records := draw(t)
		found := held(t, sealed(t, records), records[:rapid.IntRange(0, len(records)-1).Draw(t, "left")])
		require.NotEmpty(t, found)
	})
}

// A seal that was changed, dropped or forged breaks the chain.
func TestATamperedSealBreaksTheChain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		data := sealed(t, draw(t))
		i := rapid.IntRange(0, len(data)-1).Draw(t, "seal")
		last := i == len(data)-1
		var s event.Seal
		require.NoError(t, json.Unmarshal(data[i], &s))
		switch rapid.IntRange(0, 6).Draw(t, "how") {
		case 0:
			s.Number++
		case 1:
			s.Previous = strings.Repeat("f", 64)
		case 2:
			s.Count++
		case 3:
			s.Stretches[0].From++
		case 4:
			s.Stretches[0].Blocks[0].Root = strings.Repeat("1", 64)
		case 5:
			if last {
				return // whether the last seal is the last one, or says what it said, only an anchor tells
			}
			s.Sequence++
		default:
			if last {
				return
			}
			data = slices.Delete(data, i, i+1)
			require.NoError(t, json.Unmarshal(data[i], &s))
		}
		changed, err := json.Marshal(s)
		require.NoError(t, err)
		data[i] = changed
		chain := seal.Chain{}
		var broken error
		for _, text := range data {
			if _, err := chain.Add(text); err != nil && broken == nil {
				broken = err
			}
		}
		require.ErrorIs(t, broken, seal.ErrChain)
	})
}

func TestWhatIsNoSealIsSaid(t *testing.T) {
	t.Parallel()
	chain := seal.Chain{}
	_, err := chain.Add([]byte("garbage"))
	require.ErrorIs(t, err, seal.ErrChain)
	require.ErrorContains(t, err, "what stands behind seal 0 is none")
	require.Zero(t, chain.Last().Number)
}

func BenchmarkMaker(b *testing.B) {
	m, value := seal.NewMaker(seal.Link{}), bytes.Repeat([]byte("x"), 1200)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m.Add(seal.Record{Partition: int32(i % 12), Offset: int64(i), Key: []byte("L-1"), Value: value})
		if m.Count() == 10_000 {
			s := m.Seal(int64(i), time.UnixMilli(0))
			m.Sealed(s, nil)
		}
	}
}

func ExampleChecker() {
	log := []seal.Record{{Offset: 0, Value: []byte("a")}, {Offset: 1, Value: []byte("b")}}
	maker := seal.NewMaker(seal.Link{})
	for _, r := range log {
		maker.Add(r)
	}
	checker := seal.NewChecker()
	checker.Expect(maker.Seal(2, time.UnixMilli(0)))
	checker.Add(log[0]) // and the other one is not there any more
	fmt.Println(checker.Close()[0])
	// Output: seal 1, partition 0, offsets 0 to 1: 1 records, 2 were sealed: some are gone
}
