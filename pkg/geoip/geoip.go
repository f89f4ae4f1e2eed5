package geoip

import (
	"fmt"
	"net/netip"

	"github.com/oschwald/maxminddb-golang/v2"

	"leadrouter/pkg/calendar"
	"leadrouter/pkg/enrich"
)

// DB is an open file. It is safe for parallel use.
type DB struct{ reader *maxminddb.Reader }

// Open opens a file that knows countries, at least.
func Open(file string) (*DB, error) {
	reader, err := maxminddb.Open(file)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w; want a MaxMind file such as GeoLite2-City.mmdb", file, err)
	}
	db := &DB{reader}
	if !db.knowsCountries() {
		_ = reader.Close()
		return nil, fmt.Errorf("open %s: it is a %s, which knows no countries; want one such as GeoLite2-City.mmdb",
			file, reader.Metadata.DatabaseType)
	}
	return db, nil
}

// Close gives the file back. Nothing may be looked up afterwards.
func (db *DB) Close() error {
	if err := db.reader.Close(); err != nil {
		return fmt.Errorf("close geoip: %w", err)
	}
	return nil
}

// record is what is read of an entry.
type record struct {
	Country struct {
		Code string `maxminddb:"iso_code"`
	} `maxminddb:"country"`
	Regions []struct {
		Code string `maxminddb:"iso_code"`
	} `maxminddb:"subdivisions"`
	Location struct {
		Zone string `maxminddb:"time_zone"`
	} `maxminddb:"location"`
}

// Locate finds the place of an address; false where the file does not know it. Addresses of
// private networks are in no file.
func (db *DB) Locate(addr netip.Addr) (enrich.Place, bool) {
	var r record
	found := db.reader.Lookup(addr)
	if !found.Found() || found.Decode(&r) != nil || r.Country.Code == "" {
		return enrich.Place{}, false
	}
	p := enrich.Place{Country: r.Country.Code}
	if len(r.Regions) > 0 {
		p.Region = r.Regions[0].Code
	}
	if calendar.IsZone(r.Location.Zone) {
		p.Timezone = r.Location.Zone
	}
	return p, true
}

// knowsCountries looks for the first entry with a country.
func (db *DB) knowsCountries() bool {
	const enough = 1000 // entries
	n := 0
	for found := range db.reader.Networks() {
		var r record
		if found.Decode(&r) == nil && r.Country.Code != "" {
			return true
		}
		if n++; n == enough {
			break
		}
	}
	return false
}
