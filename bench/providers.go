package bench

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"

	"leadrouter/pkg/providers"
)

// Trouble is what is wrong with a provider.
type Trouble string

// The troubles.
const (
	NoTrouble Trouble = "answers at once"
	Hangs     Trouble = "hangs"
	Garbage   Trouble = "answers garbage"
	HalfDown  Trouble = "half of its requests fail"
	HalfHangs Trouble = "half of its requests hang"
)

// Troubles lists all of them.
func Troubles() []Trouble { return []Trouble{NoTrouble, Hangs, Garbage, HalfDown, HalfHangs} }

// ServeProvider starts a provider on this machine, and returns the file that speaks of it.
// It is asked about each lead anew. After stop nothing of it is left.
func ServeProvider(t Trouble) (file providers.File, stop func(), err error) {
	ended := make(chan struct{})
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		half := n.Add(1)%2 == 0
		switch {
		case t == Hangs || t == HalfHangs && half:
			select {
			case <-ended:
			case <-r.Context().Done():
			}
		case t == Garbage:
			_, _ = w.Write([]byte("<html>"))
		case t == HalfDown && half:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			_, _ = w.Write([]byte(`{"segment":"a"}`))
		}
	}))
	stop = func() { close(ended); server.Close() }
	file, err = providers.Parse("providers.yaml", fmt.Appendf(nil, `
secret: env:SECRET
providers: {other: {url: '%s/?id={id}', fields: {attributes.segment: $.segment}}}
`, server.URL), func(string) (string, bool) { return "not secret", true })
	if err != nil {
		stop()
	}
	return file, stop, err
}
