package console_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/console"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/score"
)

func told() (*score.Prediction, lead.Facts) {
	p := &score.Prediction{
		Model: strings.Repeat("5b1d", 16), Score: 6140, Base: 3810, Rest: 25,
		Factors: []score.Factor{
			{Name: "attributes.web_visits", Points: 1820},
			{Name: "company.employees", Points: -410},
			{Name: "email_free", Points: -405},
			{Name: "duplicate", Points: 100},
			{Name: "source", Points: 1200},
		},
	}
	return p, lead.Facts{"attributes.web_visits": 1200.0, "email_free": true, "duplicate": false, "source": "demo\x1b[31m"}
}

func ExampleWriteLearned() {
	p, facts := told()
	facts["source"] = "demo_request"
	_ = console.WriteLearned(os.Stdout, p, facts)
	// Output:
	//   model  61.4 % likely; 38.1 % of an average lead   5b1d5b1d5b1d
	//          +18.2  web visits 1,200
	//           -4.1  company employees is not known
	//           -4.0  email free
	//           +1.0  not duplicate
	//          +12.0  source demo_request
	//           +0.2  all else
}

func TestWriteLearned(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	require.NoError(t, console.WriteLearned(&b, nil, nil))
	require.Empty(t, b.String(), "no model, no word")
	p, facts := told()
	require.NoError(t, console.WriteLearned(&b, p, facts))
	require.NotContains(t, b.String(), "\x1b", "what a sender writes cannot paint the terminal")
	p.Model = ""
	require.NoError(t, console.WriteLearned(&b, p, facts))
}
