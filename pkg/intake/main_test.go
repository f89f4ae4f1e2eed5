package intake_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/pkg/intake"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// read reads a whole file.
func read(t testing.TB, name, content string, cfg intake.Config) []intake.Record {
	t.Helper()
	r, err := intake.NewReader(strings.NewReader(content), name, cfg)
	require.NoError(t, err)
	return drain(t, r)
}

func drain(t testing.TB, r *intake.Reader) []intake.Record {
	t.Helper()
	var all []intake.Record
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		all = append(all, rec)
	}
}

// one reads the only row of a file, which must be a lead.
func one(t testing.TB, name, content string, cfg intake.Config) intake.Record {
	t.Helper()
	all := read(t, name, content, cfg)
	require.Len(t, all, 1)
	require.NoError(t, all[0].Err)
	return all[0]
}

// mapOf parses a map that must be right.
func mapOf(t testing.TB, text string) *intake.Map {
	t.Helper()
	m, err := intake.ParseMap([]byte(text))
	require.NoError(t, err)
	return m
}
