package console_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/console"
	"leadrouter/pkg/lead"
)

func TestKnown(t *testing.T) {
	t.Parallel()
	facts := lead.Facts{
		"country": "DE", "language": "de", "timezone": "Europe/Berlin", "email_free": false, "company.annual_revenue": 5e6,
		"company.employees": int64(800), "intent": "high", "region": "BE", "seniority": "vp", "company.domain": "a\x1b[1m.example",
	}
	e := &lead.Evidence{From: map[string]string{
		"country": "phone", "timezone": "phone", "language": "country", "email_free": "email", "company.annual_revenue": "firmo",
		"company.employees": "firmo", "region": "postal_code", "seniority": "job_title", "company.domain": "ip", "city": "phone", "product": "region",
	}, Duplicate: &lead.DuplicateMatch{Lead: "L-17", By: "email", Score: 9_942}}
	var b strings.Builder
	require.NoError(t, console.WriteKnown(&b, facts, e))
	require.Equal(t, `  know  language de (from the country)
        email_free false (from the e-mail address)
        company.annual_revenue 5,000,000, company.employees 800 (from firmo)
        company.domain a·[1m.example (from the IP address)
        seniority vp (from the job title)
        country DE, timezone Europe/Berlin (from the phone)
        region BE (from the postal code)
        duplicate of L-17 (by the email; 99 % sure)
`, b.String())

	b.Reset()
	require.NoError(t, console.WriteKnown(&b, facts, nil))
	require.NoError(t, console.WriteKnown(&b, facts, &lead.Evidence{}))
	require.Empty(t, b.String(), "all is the sender's word")
}
