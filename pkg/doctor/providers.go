package doctor

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"leadrouter/pkg/providers"
)

// providers looks at the file of providers. A wrong file keeps a router from starting; a
// provider that gives no answer does not.
func (e *examination) providers(ctx context.Context) {
	const check = "providers"
	if e.Providers == "" {
		return
	}
	f, err := providers.Load(e.Providers, os.LookupEnv)
	if err != nil {
		for line := range strings.Lines(err.Error()) {
			e.add(check, Fail, "mend the file", "%s", strings.TrimSpace(line))
		}
		return
	}
	e.add(check, OK, "", "%s: %d, within %s for each lead", e.Providers, len(f.Providers), f.Budget)
	if e.Lead == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, e.Timeout)
	defer cancel()
	for _, t := range providers.Try(ctx, f, e.Lead, nil, e.Clock) {
		switch took := t.Took.Round(time.Millisecond); {
		case errors.Is(t.Err, providers.ErrNotAsked):
			e.add(check, Warn, "try a lead that has it", "%s: %v", t.Provider, t.Err)
		case t.Err != nil:
			e.add(check, Warn, "look at its url, headers and fields: until then leads are decided without it", "%s: %v", t.Provider, t.Err)
		case took > f.Budget:
			e.add(check, Warn, "give it more time with budget, or do without it", "%s: %s after %s, longer than the budget", t.Provider, t.Result, took)
		default:
			e.add(check, OK, "", "%s: %s after %s, %d facts", t.Provider, t.Result, took, len(t.Fields))
		}
	}
}
