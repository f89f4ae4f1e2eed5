package policy_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/policy"
)

func TestAccounts(t *testing.T) {
	t.Parallel()
	const rest = "\npolicy: p\nreps: {ana: {}}\nrules: [{name: r, to: all}]\n"
	for _, c := range []struct {
		said    string
		want    policy.Accounts
		problem string
	}{
		{"", policy.Accounts{Same: policy.DefaultSame, Review: policy.DefaultReview}, ""},
		{"accounts: {same: 92%, review: 80%}", policy.Accounts{Same: 9_200, Review: 8_000}, ""},
		{"accounts: {same: 92%}", policy.Accounts{Same: 9_200, Review: policy.DefaultReview}, ""},
		{"accounts: {same: 60%}", policy.Accounts{Same: 6_000, Review: 6_000}, ""},
		{"accounts: {review: off}", policy.Accounts{Same: policy.DefaultSame, Review: policy.DefaultSame}, ""},
		{"accounts: {same: 80%, review: 90%}", policy.Accounts{}, "`review` is above `same`"},
		{"accounts: {same: 0.9}", policy.Accounts{}, "not a share"},
		{"accounts: {same: off}", policy.Accounts{}, "not a share"},
		{"accounts: {like: 80%}", policy.Accounts{}, "`like`"},
	} {
		p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(c.said + rest)})
		if c.problem != "" {
			require.ErrorContains(t, issues.Err(), c.problem, c.said)
			continue
		}
		require.NoError(t, issues.Err(), c.said)
		require.Equal(t, c.want, p.Accounts, c.said)
	}
}
