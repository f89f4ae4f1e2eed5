package kstream_test

import (
	"bytes"
	"errors"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"leadrouter/pkg/kstream"
)

// A record larger than its dead letter topic takes must not stop its partition: the
// letter is cut, and says so. Where the topic takes it, it goes whole.
func TestLargeDeadLetters(t *testing.T) {
	t.Parallel()
	const large = 2_000_000
	tests := map[string]struct {
		limit string // of the dead letter topic; empty: the brokers' own
		value int
		cut   string
	}{
		"the topic takes a megabyte": {value: large, cut: strconv.Itoa(large)},
		"the topic takes more":       {limit: "3000000", value: large},
		"still too large":            {limit: "1500000", value: large, cut: strconv.Itoa(large)},
		"small":                      {value: 10},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := setup(t, 1)
			client, err := kgo.NewClient(kgo.SeedBrokers(k.client.Brokers...), kgo.ProducerBatchMaxBytes(4<<20))
			require.NoError(t, err)
			defer client.Close()
			dlq := k.in + kstream.DLQSuffix
			if tt.limit != "" {
				_, err := kadm.NewClient(client).AlterTopicConfigs(t.Context(),
					[]kadm.AlterConfig{{Name: kstream.MaxMessageBytes, Value: &tt.limit}}, k.in, dlq)
				require.NoError(t, err)
			}
			value := bytes.Repeat([]byte("v"), tt.value)
			in := &kstream.Record{Topic: k.in, Key: []byte("key"), Value: value, Headers: []kstream.Header{{Key: "ce_id", Value: []byte("7")}}}
			require.NoError(t, client.ProduceSync(t.Context(), in, &kstream.Record{Topic: k.in, Value: []byte("good")}).FirstErr())

			h := &stub{to: k.out}
			h.handle = func(b kstream.Batch) (out kstream.Output, err error) {
				for _, r := range b.Records {
					if string(r.Value) == "good" {
						out.Records = append(out.Records, &kstream.Record{Topic: k.out, Value: r.Value})
					} else {
						out.DLQ = append(out.DLQ, kstream.Dead{Record: r, Code: "bad", Err: errors.New("is bad")})
					}
				}
				return out, nil
			}
			k.run(h)
			require.Len(t, k.read(k.out, 1), 1, "what comes behind goes on")
			dead := k.read(dlq, 1)[0]
			headers := headersOf(dead)
			require.Equal(t, tt.cut, headers[kstream.HeaderCutFrom])
			require.Equal(t, "key", string(dead.Key))
			require.Equal(t, "7", headers["ce_id"])
			require.Equal(t, "bad", headers[kstream.HeaderErrorCode])
			require.Equal(t, "0", headers[kstream.HeaderSourceOffset])
			require.True(t, bytes.HasPrefix(value, dead.Value))
			if tt.cut == "" {
				require.Len(t, dead.Value, len(value))
			} else {
				require.Greater(t, len(dead.Value), 1_000_000, "as much as fits")
			}
		})
	}
}

// Headers can be what is too large.
func TestDeadLetterWithHugeHeaders(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	client, err := kgo.NewClient(kgo.SeedBrokers(k.client.Brokers...), kgo.ProducerBatchMaxBytes(4<<20))
	require.NoError(t, err)
	defer client.Close()
	in := &kstream.Record{Topic: k.in, Value: []byte("v"), Headers: []kstream.Header{{Key: "huge", Value: make([]byte, 1_500_000)}}}
	require.NoError(t, client.ProduceSync(t.Context(), in).FirstErr())
	k.run(&stub{handle: func(b kstream.Batch) (out kstream.Output, err error) {
		for _, r := range b.Records {
			out.DLQ = append(out.DLQ, kstream.Dead{Record: r, Code: "bad"})
		}
		return out, nil
	}})
	headers := headersOf(k.read(k.in+kstream.DLQSuffix, 1)[0])
	require.Equal(t, "1", headers[kstream.HeaderCutFrom])
	require.Equal(t, k.in, headers[kstream.HeaderSourceTopic])
	require.NotContains(t, headers, "huge")
}
