package providers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v4"

	"leadrouter/pkg/httpfault"
)

// Bounds of talking to a provider.
const (
	maxRedirects  = 3
	firstRetry    = 20 * time.Millisecond // doubles, each give or take a half
	idlePerHost   = 64
	idleFor       = time.Minute
	leaveAlone    = time.Second // when it is asked too often and does not say how long
	maxLeaveAlone = 5 * time.Minute
)

// newClient returns a client for services outside, with connections of its own.
func newClient() *http.Client {
	return &http.Client{CheckRedirect: redirect, Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: idlePerHost,
		IdleConnTimeout: idleFor, MaxResponseHeaderBytes: 64 << 10,
	}}
}

var (
	errRedirects = errors.New("it redirects without end")
	errElsewhere = errors.New("it redirects to another host; name that one in `url`")
	errTimeout   = errors.New("no answer within the timeout")
	errPanic     = errors.New("its answer made the reader panic")
)

// redirect keeps a request on its host: headers hold secrets, the path what is asked about.
func redirect(request *http.Request, via []*http.Request) error {
	request.Header.Del("Referer")
	switch from := via[0].URL; {
	case len(via) > maxRedirects:
		return errRedirects
	case request.URL.Host != from.Host || request.URL.Scheme != from.Scheme:
		return errElsewhere
	}
	return nil
}

// statusError is an answer with a status that is an error.
type statusError struct {
	code  int
	after time.Duration // of a 429
}

// Error names the status.
func (e *statusError) Error() string {
	return fmt.Sprintf("the server answers %d %s", e.code, http.StatusText(e.code))
}

// get asks until there is an answer, or no retry is left. A body is nil when the provider
// knows nothing.
func (p *Provider) get(ctx context.Context, client *http.Client, address string) ([]byte, error) {
	pause := backoff.WithContext(backoff.WithMaxRetries(backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(firstRetry), backoff.WithMultiplier(2), backoff.WithMaxElapsedTime(0)), p.Retries), ctx)
	return backoff.RetryWithData(func() ([]byte, error) {
		body, err := p.once(ctx, client, address)
		status, answered := errors.AsType[*statusError](err)
		if answered && status.code < http.StatusInternalServerError || errors.Is(err, errTooLarge) || errors.Is(err, errElsewhere) || errors.Is(err, errRedirects) {
			err = backoff.Permanent(err) // another try would give the same
		}
		return body, err
	}, pause)
}

// once makes one request.
func (p *Provider) once(ctx context.Context, client *http.Client, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nameless(err)
	}
	request.Header = p.headers.Clone()
	for name, value := range map[string]string{"Accept": "application/json", "User-Agent": "leadrouter"} {
		if request.Header.Get(name) == "" {
			request.Header.Set(name, value)
		}
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, nameless(err)
	}
	defer func() { _ = response.Body.Close() }()
	switch code := response.StatusCode; code {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusGone, http.StatusNoContent:
		return nil, nil
	default:
		return nil, &statusError{code: code, after: retryAfter(response.Header)}
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, nameless(err)
	case len(body) > maxBody:
		return nil, errTooLarge
	}
	return body, nil
}

// retryAfter is how long the server wants to be left alone. A date is not understood: it
// would need the server's clock to be right.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.ParseUint(h.Get("Retry-After"), 10, 16)
	if err != nil {
		return leaveAlone
	}
	return min(max(time.Duration(seconds)*time.Second, leaveAlone), maxLeaveAlone)
}

// nameless says what went wrong with a request without its address.
func nameless(err error) error {
	return httpfault.Nameless(err, errTimeout, errRedirects, errElsewhere)
}

// ask asks about one address. It never panics, whatever the answer.
func (p *Provider) ask(ctx context.Context, client *http.Client, address string) (a answer, refused int) {
	defer func() {
		if recover() != nil { // what is said of it could quote the answer
			a, refused = answer{result: Garbage, err: errPanic}, 0
		}
	}()
	body, err := p.get(ctx, client, address)
	if err != nil {
		return answer{result: resultOf(err), err: err}, 0
	}
	if body == nil {
		return answer{result: Nothing}, 0
	}
	return p.read(body)
}

func resultOf(err error) Result {
	status, answered := errors.AsType[*statusError](err)
	switch {
	case answered && status.code == http.StatusTooManyRequests:
		return Limited
	case errors.Is(err, errTimeout), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case errors.Is(err, errTooLarge):
		return Garbage
	}
	return Failed
}
