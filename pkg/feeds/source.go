package feeds

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"leadrouter/pkg/httpfault"
	"leadrouter/pkg/policy"
)

// stamp tells versions of a feed apart, as far as its source does.
type stamp struct {
	address        string // of a URL: in the environment it may change
	etag, modified string
	size           int64
}

// sources is where feeds are read from.
type sources struct {
	folder string // of files; empty: there is none
	lookup func(string) (string, bool)
	client *http.Client
}

// open gives the bytes of a feed and their stamp. The body is nil when the source still
// has the version that the caller names.
func (s *sources) open(ctx context.Context, feed policy.Feed, have stamp) (io.ReadCloser, stamp, error) {
	switch {
	case feed.File != "":
		return s.file(feed.File, have)
	case feed.Env == "":
		return s.get(ctx, feed.URL, have)
	}
	value, ok := s.lookup(feed.Env)
	if !ok || value == "" {
		return nil, stamp{}, fmt.Errorf("the environment variable %s is not set", feed.Env)
	}
	address, err := policy.FeedURL(value)
	if err != nil {
		return nil, stamp{}, fmt.Errorf("the environment variable %s: %w", feed.Env, err)
	}
	return s.get(ctx, address, have)
}

var errNoFolder = errors.New("a published policy has no folder; say where the files of feeds are with --feeds")

// file opens a file below the folder, and no other: a link cannot lead out of it. What is
// no regular file could be waited for without end.
func (s *sources) file(name string, have stamp) (io.ReadCloser, stamp, error) {
	if s.folder == "" {
		return nil, stamp{}, errNoFolder
	}
	root, err := os.OpenRoot(s.folder)
	if err != nil {
		return nil, stamp{}, fmt.Errorf("folder of feeds: %w", pathless(err))
	}
	defer func() { _ = root.Close() }()
	info, err := root.Stat(filepath.FromSlash(name))
	if err != nil {
		return nil, stamp{}, pathless(err)
	}
	if !info.Mode().IsRegular() {
		return nil, stamp{}, errors.New("this is no file")
	}
	now := stamp{modified: info.ModTime().String(), size: info.Size()}
	if now == have {
		return nil, now, nil
	}
	file, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, stamp{}, pathless(err)
	}
	return file, now, nil
}

// pathless drops the path of a file error: the caller names the feed.
func pathless(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// get asks a server, for what is new if it can tell.
func (s *sources) get(ctx context.Context, address string, have stamp) (io.ReadCloser, stamp, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, stamp{}, nameless(err)
	}
	request.Header.Set("Accept", "text/calendar")
	request.Header.Set("User-Agent", "leadrouter")
	known := have.address == address
	if known && have.etag != "" {
		request.Header.Set("If-None-Match", have.etag)
	}
	if known && have.modified != "" {
		request.Header.Set("If-Modified-Since", have.modified)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return nil, stamp{}, nameless(err)
	}
	switch code := response.StatusCode; {
	case code == http.StatusOK:
		return response.Body, stamp{
			address: address, etag: response.Header.Get("ETag"), modified: response.Header.Get("Last-Modified"),
		}, nil
	case code == http.StatusNotModified && known:
		err = nil
	default:
		err = fmt.Errorf("the server answers %d %s", code, http.StatusText(code))
	}
	_ = response.Body.Close()
	return nil, have, err
}

// Bounds of one request.
const (
	answerWithin = 10 * time.Second
	maxRedirects = 5
)

// newClient returns a client that asks servers outside, by connections of its own.
func newClient() *http.Client {
	return &http.Client{Timeout: answerWithin, CheckRedirect: redirect, Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConns: atOnce, IdleConnTimeout: time.Minute,
		TLSHandshakeTimeout: answerWithin,
	}}
}

var (
	errRedirects = errors.New("it redirects without end")
	errDowngrade = errors.New("it redirects from https to http")
)

// redirect keeps the address from the eyes of others.
func redirect(request *http.Request, via []*http.Request) error {
	request.Header.Del("Referer")
	switch {
	case len(via) > maxRedirects:
		return errRedirects
	case via[len(via)-1].URL.Scheme == "https" && request.URL.Scheme != "https":
		return errDowngrade
	}
	return nil
}

// nameless says what went wrong with a request without its address.
func nameless(err error) error {
	return httpfault.Nameless(err, fmt.Errorf("no answer within %s", answerWithin), errRedirects, errDowngrade)
}
