package services_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/testkit/services"
)

// parentVar tells a copy of this test binary to be the parent that is killed.
const parentVar = "LEADROUTER_TEST_PARENT"

func TestServerDiesWithItsParent(t *testing.T) {
	t.Parallel()
	if os.Getenv(parentVar) != "" {
		p := services.OwnRedis(t, services.RedisConfig{Dir: os.Getenv(parentVar)})
		fmt.Printf("\naddr=%s\n", p.Addr())
		select {}
	}
	services.OwnRedis(t, services.RedisConfig{}) // skips where there is no Redis
	parent := exec.Command(os.Args[0], "-test.run=^TestServerDiesWithItsParent$")
	parent.Env = append(os.Environ(), parentVar+"="+t.TempDir())
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	addr := ""
	for lines := bufio.NewScanner(out); addr == "" && lines.Scan(); {
		_, addr, _ = strings.Cut(lines.Text(), "addr=")
	}
	require.True(t, dials(addr), "no server at %q", addr)

	require.NoError(t, parent.Process.Kill())
	require.Error(t, parent.Wait())

	require.Eventually(t, func() bool { return !dials(addr) }, 10*time.Second, 20*time.Millisecond)
}

// dials tells whether something listens at addr.
func dials(addr string) bool {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	return err == nil && conn.Close() == nil
}
