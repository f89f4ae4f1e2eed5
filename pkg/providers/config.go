package providers

import (
	"net/http"
	"time"

	"github.com/theory/jsonpath"
	"golang.org/x/time/rate"

	"leadrouter/pkg/lead"
)

// File is what a file of providers says.
type File struct {
	// Budget is how long a lead is kept waiting for all providers. Default 300 ms.
	Budget time.Duration
	// Waiting is the share of the time, above 0 and up to 1, that may go into waiting while
	// leads queue up. Default 0.05.
	Waiting float64
	// Providers in the order of the file: of two that know a fact, the first counts.
	Providers []Provider

	secret []byte // of the cache's keys
}

// Provider is one service that knows something of leads.
type Provider struct {
	Name string
	// Fields are the facts that it gives, in the order of the file; at most maxFields.
	Fields []Field
	// Timeout bounds one request. Default the budget.
	Timeout time.Duration
	// Retries are further requests after one that got no answer or a 5xx. Default 1.
	Retries uint64
	// Rate bounds requests. Default 100 a second.
	Rate rate.Limit
	// Concurrency bounds requests under way. Default 16.
	Concurrency int64
	// Found and Missing are how long it is remembered what is known, and that nothing is; 0:
	// not at all. Default 30 and 1 days.
	Found, Missing time.Duration
	Breaker        Breaker

	url     template
	shape   string      // of Fields, for keys of the cache
	headers http.Header // hold secrets: they go to the provider and nowhere else
}

// Field is where in an answer a fact is found.
type Field struct {
	Name string // of the fact
	Type lead.Type
	Path *jsonpath.Path
}

// Breaker says when a provider is left alone.
type Breaker struct {
	After uint32        // failures in a row. Default 20
	For   time.Duration // until one request tries again. Default 30 s
}

// Bounds and defaults.
const (
	maxFields    = 64 // of a provider: what a lead lacks is a set of bits
	maxProviders = 32
	maxBudget    = 10 * time.Second
	maxTimeout   = time.Minute
	maxRetries   = 5
	maxRate      = 100_000
	maxSlots     = 1_000
	maxKept      = 365 * 24 * time.Hour

	defaultBudget  = 300 * time.Millisecond
	defaultWaiting = 0.05
	defaultRetries = 1
	defaultRate    = 100
	defaultSlots   = 16
	defaultFound   = 30 * 24 * time.Hour
	defaultMissing = 24 * time.Hour
	defaultAfter   = 20
	defaultFor     = 30 * time.Second
)

// lacks are the fields that a lead does not have, as a set of bits.
func (p *Provider) lacks(l *lead.Lead) (set uint64) {
	for i := range p.Fields {
		if !l.Has(p.Fields[i].Name) {
			set |= 1 << i
		}
	}
	return set
}
