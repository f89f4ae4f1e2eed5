package providers_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/providers"
)

// Try asks real servers, once each, and says what came of it.
func TestTry(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/down"):
			w.WriteHeader(http.StatusInternalServerError)
		case r.URL.EscapedPath() == "/good/a%2Fb.example":
			_, _ = w.Write([]byte(`{"size":250,"city":"Graz","sector":5}`))
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	f := parse(t, strings.ReplaceAll(`
providers:
  good: {url: 'HOST/good/{company.domain}', fields: {company.employees: $.size, city: $.city, company.industry: $.sector}, cache: off}
  same: {url: 'HOST/good/{company.domain}', fields: {city: $.city, region: $.city}, cache: off}
  unknown: {url: 'HOST/nobody/{company.domain}', fields: {country: $.c}, cache: off}
  down: {url: 'HOST/down/{company.domain}', fields: {country: $.c}, cache: off}
  other: {url: 'HOST/good/{country}', fields: {country: $.c}, cache: off}
  gone: {url: 'http://127.0.0.1:1/{company.domain}', fields: {country: $.c}, cache: off}
`, "HOST", server.URL))
	l := lead.Lead{ID: "L", Company: lead.Company{Domain: "a/b.example"}}
	tried := providers.Try(t.Context(), f, &l, nil, clock.System())
	var said []string
	for _, one := range tried {
		text := one.Provider + " " + string(one.Result)
		if one.Err != nil {
			text += ": " + one.Err.Error()
		}
		said = append(said, text)
	}
	require.Empty(t, cmp.Diff([]string{
		"good found", "same found", "unknown nothing", "down failed: the server answers 500 Internal Server Error",
		"other : not asked: the lead lacks a fact that the URL needs", "gone failed: no connection: connect: connection refused",
	}, said))
	require.Equal(t, 1, tried[0].Refused)
	require.Nil(t, l.Evidence, "the lead is as it was")

	providers.Fill(&l, f, tried)
	require.Equal(t, []string{"Graz", "Graz"}, []string{l.City, l.Region})
	require.Empty(t, cmp.Diff(&lead.Evidence{
		From:    map[string]string{"company.employees": "good", "city": "good", "region": "same"},
		Missing: []string{"down", "gone"},
	}, l.Evidence))
}
