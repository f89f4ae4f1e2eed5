package geoip_test

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/pkg/enrich"
	"leadrouter/pkg/geoip"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// write makes a file of the format with one entry.
func write(t *testing.T, kind, network string, entry mmdbtype.Map) string {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: kind, IncludeReservedNetworks: true})
	require.NoError(t, err)
	_, block, err := net.ParseCIDR(network)
	require.NoError(t, err)
	require.NoError(t, tree.Insert(block, entry))
	name := filepath.Join(t.TempDir(), kind+".mmdb")
	file, err := os.Create(name)
	require.NoError(t, err)
	_, err = tree.WriteTo(file)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	return name
}

func text(s string) mmdbtype.Map { return mmdbtype.Map{"iso_code": mmdbtype.String(s)} }

func open(t *testing.T, name string) *geoip.DB {
	t.Helper()
	db, err := geoip.Open(name)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func TestCity(t *testing.T) {
	t.Parallel()
	db := open(t, write(t, "GeoLite2-City", "203.0.113.0/24", mmdbtype.Map{
		"country": text("AU"), "subdivisions": mmdbtype.Slice{text("NSW")},
		"location": mmdbtype.Map{"time_zone": mmdbtype.String("Australia/Sydney")},
	}))
	got, ok := db.Locate(netip.MustParseAddr("203.0.113.7"))
	require.True(t, ok)
	require.Equal(t, enrich.Place{Country: "AU", Region: "NSW", Timezone: "Australia/Sydney"}, got)
	_, ok = db.Locate(netip.MustParseAddr("198.51.100.1"))
	require.False(t, ok)
	_, ok = db.Locate(netip.MustParseAddr("2001:db8::1"))
	require.False(t, ok)
	_, ok = db.Locate(netip.Addr{})
	require.False(t, ok)
}

// A file of countries alone says nothing of regions; a zone that nobody knows is none.
func TestCountry(t *testing.T) {
	t.Parallel()
	db := open(t, write(t, "GeoLite2-Country", "2001:db8::/32", mmdbtype.Map{
		"country": text("FR"), "location": mmdbtype.Map{"time_zone": mmdbtype.String("Europe/Atlantis")},
	}))
	got, ok := db.Locate(netip.MustParseAddr("2001:db8::7"))
	require.True(t, ok)
	require.Equal(t, enrich.Place{Country: "FR"}, got)
}

// The address of a lead finds its country on the way through the enricher.
func TestEnricherAsksIt(t *testing.T) {
	t.Parallel()
	db := open(t, write(t, "GeoLite2-Country", "203.0.113.0/24", mmdbtype.Map{"country": text("NZ")}))
	e := enrich.New(enrich.Config{Locate: db.Locate})
	l := parse(t, `{"id":"L-1","ip":"203.0.113.9"}`)
	e.Enrich(&l)
	require.Equal(t, "NZ", l.Country)
	require.Equal(t, "ip", l.Evidence.From["country"])
}

func TestFilesOfAnotherKind(t *testing.T) {
	t.Parallel()
	_, err := geoip.Open(filepath.Join(t.TempDir(), "none.mmdb"))
	require.ErrorContains(t, err, "GeoLite2-City.mmdb")
	require.ErrorIs(t, err, os.ErrNotExist)

	name := filepath.Join(t.TempDir(), "text.mmdb")
	require.NoError(t, os.WriteFile(name, []byte("country,from,to\n"), 0o600))
	_, err = geoip.Open(name)
	require.ErrorContains(t, err, "want a MaxMind file")

	_, err = geoip.Open(write(t, "GeoLite2-ASN", "203.0.113.0/24", mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(64496)}))
	require.ErrorContains(t, err, "it is a GeoLite2-ASN, which knows no countries")
}
