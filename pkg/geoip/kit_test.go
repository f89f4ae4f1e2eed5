package geoip_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/lead"
)

func parse(t *testing.T, raw string) lead.Lead {
	t.Helper()
	l, err := lead.Parse([]byte(raw))
	require.NoError(t, err)
	return l
}
