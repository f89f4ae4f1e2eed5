package httpfault_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/pkg/httpfault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errLate = errors.New("no answer")
	errOwn  = errors.New("it redirects")
)

func TestNameless(t *testing.T) {
	t.Parallel()
	const secret = "secret.example"
	refused := &net.OpError{Op: "dial", Addr: &net.UnixAddr{Name: secret}, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	for want, cause := range map[string]error{
		"it redirects":          errOwn,
		"context canceled":      context.Canceled,
		"no answer":             context.DeadlineExceeded,
		"there is no such host": &net.DNSError{Name: secret, IsNotFound: true},
		"no connection: connect: connection refused": refused,
		"the answer is not HTTP, or breaks off":      errors.New(secret),
	} {
		err := httpfault.Nameless(fmt.Errorf("get: %w", &url.Error{Op: "Get", URL: "https://" + secret, Err: cause}), errLate, errOwn)
		require.EqualError(t, err, want)
		require.NotContains(t, err.Error(), secret)
	}
}
