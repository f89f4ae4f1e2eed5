package deadletter_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/deadletter"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/testkit/services"
)

// site is an input topic and its dead letters on a real Kafka.
type site struct {
	t      *testing.T
	kafka  kstream.Client
	input  string
	office *deadletter.Office
}

func setup(t *testing.T, partitions int32) *site {
	t.Helper()
	s := &site{t: t, kafka: kstream.Client{Brokers: services.Kafka(t)}, input: services.Instance(t) + ".lead.created"}
	topic := kstream.Topic{Name: s.input, Partitions: partitions}
	require.NoError(t, s.kafka.CreateTopics(t.Context(), topic, topic.DeadLetters()))
	s.office = deadletter.New(s.kafka, s.input)
	return s
}

// setAside writes letters, as a stream does.
func (s *site) setAside(letters ...*kstream.Record) {
	s.t.Helper()
	to, err := kstream.NewPublisher(s.kafka)
	require.NoError(s.t, err)
	defer to.Close()
	for _, l := range letters {
		l.Topic = s.input + kstream.DLQSuffix
		require.NoError(s.t, to.Publish(s.t.Context(), l))
	}
}

func letter(key, value, code string, more ...kstream.Header) *kstream.Record {
	return &kstream.Record{
		Key: []byte(key), Value: []byte(value),
		Headers: append([]kstream.Header{
			{Key: "ce_id", Value: []byte("own")},
			{Key: kstream.HeaderErrorCode, Value: []byte(code)},
			{Key: kstream.HeaderError, Value: []byte("is not good")},
			{Key: kstream.HeaderSourceTopic, Value: []byte("lead.created")},
			{Key: kstream.HeaderSourcePartition, Value: []byte("3")},
			{Key: kstream.HeaderSourceOffset, Value: []byte("41")},
		}, more...),
	}
}

func (s *site) letters() (list []deadletter.Letter) {
	s.t.Helper()
	require.NoError(s.t, s.office.Each(s.t.Context(), func(l deadletter.Letter) error {
		list = append(list, l)
		return nil
	}))
	return list
}

// values of the letters, in order of the values.
func (s *site) values() (values []string) {
	s.t.Helper()
	for _, l := range s.letters() {
		values = append(values, string(l.Value()))
	}
	slices.Sort(values)
	return values
}

// came are the records of the input topic.
func (s *site) came() (records []*kstream.Record) {
	s.t.Helper()
	from, err := s.kafka.Starts(s.t.Context(), s.input)
	require.NoError(s.t, err)
	_, err = s.kafka.ReadToEnd(s.t.Context(), from, func(r *kstream.Record) error {
		records = append(records, r)
		return nil
	})
	require.NoError(s.t, err)
	return records
}

func code(want string) func(deadletter.Letter) bool {
	return func(l deadletter.Letter) bool { return l.Code == want }
}

func TestALetterTellsWhereItCameFrom(t *testing.T) {
	t.Parallel()
	s := setup(t, 1)
	require.Empty(t, s.letters())
	s.setAside(letter("k", "{", "bad_json"), letter("k", "[", "bad_json", kstream.Header{Key: kstream.HeaderCutFrom, Value: []byte("5000")}))
	list := s.letters()
	require.Len(t, list, 2)
	l := list[0]
	require.Equal(t, s.input, l.Topic)
	require.Equal(t, s.input+".dlq/0/0", l.ID.String())
	require.Equal(t, "3/41", l.Source)
	require.Equal(t, "bad_json", l.Code)
	require.Equal(t, "is not good", l.Reason)
	require.Equal(t, 1, l.Bytes)
	require.False(t, l.At.IsZero())
	require.True(t, list[1].Cut)
	require.Equal(t, 5000, list[1].Bytes)

	back, err := deadletter.ParseID(l.ID.String())
	require.NoError(t, err)
	require.Equal(t, l.ID, back)
	for _, wrong := range []string{"", "a/b", "a/b/c/d", "a/x/1", "a/1/x", "a/99999999999/1"} {
		_, err := deadletter.ParseID(wrong)
		require.ErrorContains(t, err, "is no dead letter")
	}
}

func TestRetrySendsWhatCameIn(t *testing.T) {
	t.Parallel()
	s := setup(t, 1)
	own := letter("k", "as it came", "unknown_rep")
	own.Headers = append([]kstream.Header{{Key: kstream.HeaderError, Value: []byte("a sender's own")}}, own.Headers...)
	s.setAside(letter("a", "1", "bad_json"), own, letter("b", "2", "bad_json"))

	settled, err := s.office.Retry(t.Context(), code("unknown_rep"))
	require.NoError(t, err)
	require.Equal(t, deadletter.Settled{Sent: 1}, settled)
	came := s.came()
	require.Len(t, came, 1)
	require.Equal(t, "as it came", string(came[0].Value))
	require.Equal(t, "k", string(came[0].Key))
	require.Equal(t, []kstream.Header{
		{Key: kstream.HeaderError, Value: []byte("a sender's own")}, {Key: "ce_id", Value: []byte("own")},
	}, came[0].Headers, "without what says why it was set aside")
	require.Equal(t, []string{"1", "2"}, s.values(), "the others stay")

	settled, err = s.office.Retry(t.Context(), code("unknown_rep"))
	require.NoError(t, err)
	require.Zero(t, settled, "settled once")
}

func TestCutLettersAreKept(t *testing.T) {
	t.Parallel()
	s := setup(t, 1)
	s.setAside(letter("a", "beginn", "too_large", kstream.Header{Key: kstream.HeaderCutFrom, Value: []byte("5000000")}), letter("b", "2", "too_large"))
	settled, err := s.office.Retry(t.Context(), code("too_large"))
	require.NoError(t, err)
	require.Equal(t, deadletter.Settled{Sent: 1, Kept: 1}, settled)
	require.Equal(t, []string{"beginn"}, s.values())
	settled, err = s.office.Drop(t.Context(), code("too_large"))
	require.NoError(t, err)
	require.Equal(t, deadletter.Settled{Dropped: 1}, settled)
	require.Empty(t, s.letters())
}

// Over several pages and partitions: what is chosen goes, what is not stays, once.
func TestManyLetters(t *testing.T) {
	t.Parallel()
	s := setup(t, 3)
	const n = 2_500
	to, err := kstream.NewPublisher(s.kafka)
	require.NoError(t, err)
	defer to.Close()
	for i := range n {
		l := letter(strconv.Itoa(i), fmt.Sprintf("%04d", i), []string{"a", "b"}[i%2])
		l.Topic = s.input + kstream.DLQSuffix
		to.Send(t.Context(), l, nil)
	}
	require.NoError(t, to.Flush(t.Context()))
	settled, err := s.office.Drop(t.Context(), code("a"))
	require.NoError(t, err)
	require.Equal(t, n/2, settled.Dropped)
	settled, err = s.office.Retry(t.Context(), func(l deadletter.Letter) bool { return strings.HasPrefix(string(l.Value()), "0") })
	require.NoError(t, err)
	require.Equal(t, 500, settled.Sent)
	require.Len(t, s.came(), 500)
	values := s.values()
	require.Len(t, values, n/2-500)
	require.Len(t, slices.Compact(values), n/2-500, "none twice")
}

func TestErrors(t *testing.T) {
	t.Parallel()
	s := setup(t, 1)
	s.setAside(letter("a", "1", "x"))
	stop := errors.New("enough")
	require.ErrorIs(t, s.office.Each(t.Context(), func(deadletter.Letter) error { return stop }), stop)
	_, err := deadletter.New(s.kafka, s.input+"-nowhere").Drop(t.Context(), code("x"))
	require.ErrorContains(t, err, "read dead letters")
}
