package lead_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/lead"
)

func TestLearned(t *testing.T) {
	t.Parallel()
	l := lead.Lead{ID: "1", Country: "DE"}
	l.Learned("phone", "country", "timezone")
	l.Learned("email", "country")
	want := &lead.Evidence{From: map[string]string{"country": "email", "timezone": "phone"}}
	require.Empty(t, cmp.Diff(want, l.Evidence))

	written, err := json.Marshal(l)
	require.NoError(t, err)
	require.JSONEq(t, `{"id":"1","country":"DE"}`, string(written), "the lead is written as the sender's own")
}
