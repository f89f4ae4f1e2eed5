package match_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/match"
)

func TestSamePersonIsCertain(t *testing.T) {
	t.Parallel()
	e := match.NewEncoder([]byte("secret"))
	p := match.Person{Email: "jo.weber@weber-bank.example", FirstName: "Jo", LastName: "Weber", Company: "Weber Bank"}
	a := e.Encode(p)
	require.Equal(t, a, e.Encode(p))
	require.Greater(t, e.Same(a.Sketch, a.Sketch), lead.Certain*99/100)
}
