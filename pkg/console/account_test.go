package console_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/console"
	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
)

func TestAccountLines(t *testing.T) {
	t.Parallel()
	require.Empty(t, console.AccountLines(&event.Assigned{}))
	require.Empty(t, console.AccountLines(&event.Assigned{Evidence: &lead.Evidence{}}))
	for _, c := range []struct {
		match lead.AccountMatch
		lead  *lead.Lead
		want  string
	}{
		{lead.AccountMatch{}, nil, "none is alike"},
		{lead.AccountMatch{ID: "A-9", By: "id"}, nil, "A-9 named by the sender, and not known"},
		{lead.AccountMatch{ID: "A-1", By: "id", Score: lead.Certain, Version: "0/7"}, nil, "A-1 named by the sender   account.changed 0/7"},
		{lead.AccountMatch{ID: "A-1", By: "domain", Score: lead.Certain, Version: "0/7"}, nil, "A-1 by domain   account.changed 0/7"},
		{lead.AccountMatch{ID: "A-1", By: "similar_name", Score: 9_455, Version: "0/7"}, &lead.Lead{Account: &lead.Account{ID: "A-1"}}, "A-1 by similar name, 94.5 %   account.changed 0/7"},
		{lead.AccountMatch{ID: "A-1", By: "similar_name", Score: 8_000, Version: "0/7", Doubtful: true}, &lead.Lead{}, "A-1 by similar name, 80.0 %; in doubt   account.changed 0/7"},
		{lead.AccountMatch{ID: "A-1", By: "similar_name", Score: 4_000, Version: "0/7"}, &lead.Lead{}, "A-1 by similar name, 40.0 %; not enough   account.changed 0/7"},
	} {
		require.Equal(t, []string{c.want}, console.AccountLines(&event.Assigned{Evidence: &lead.Evidence{Account: &c.match}, Lead: c.lead}))
	}
}
