package ics

import (
	_ "embed"
	"fmt"
	"strings"
	"time"

	"leadrouter/pkg/calendar"
)

//go:embed windowszones.txt
var windowsZones string

// A feed names a handful of zones; looking for one costs a tenth of a millisecond.
const (
	maxZones    = 100
	maxZoneName = 100
)

// zones finds the time zones that a feed names. An identifier is tried as an IANA name,
// with a vendor's prefix removed, as a Windows name, and at last as the VTIMEZONE that
// the feed itself defines.
type zones struct {
	own     *time.Location            // of the rep: for times without a zone
	defined map[string]*component     // VTIMEZONE by TZID
	loaded  map[string]*time.Location // by TZID; unknown ones as own, so that each is reported once
	last    calendar.Date             // up to which definitions are expanded
	budget  *budget
}

// find returns the zone of a property. An error says that the rep's zone stands in.
func (z *zones) find(id string) (*time.Location, error) {
	if id == "" {
		return z.own, nil
	}
	if zone, ok := z.loaded[id]; ok {
		return zone, nil
	}
	if len(z.loaded) == maxZones || len(id) > maxZoneName {
		return z.own, fmt.Errorf("time zone %.60q: too many zones, or too long a name: taken as %s", id, z.own)
	}
	zone, err := z.load(id)
	if err != nil {
		zone = z.own
	}
	z.loaded[id] = zone
	return zone, err
}

// load looks for a zone by name first: a database knows more than the few rules that
// programs write down.
func (z *zones) load(id string) (*time.Location, error) {
	if zone, ok := byName(id); ok {
		return zone, nil
	}
	definition, ok := z.defined[id]
	if !ok {
		return nil, fmt.Errorf("unknown time zone %.60q: taken as %s", id, z.own)
	}
	if location, ok := definition.get("X-LIC-LOCATION"); ok {
		if zone, ok := byName(strings.TrimSpace(location.value)); ok {
			return zone, nil
		}
	}
	zone, err := define(definition, z.last, z.budget)
	if err != nil {
		return nil, fmt.Errorf("time zone %.60q: %w: taken as %s", id, err, z.own)
	}
	return zone, nil
}

// byName tries an identifier and, as in /mozilla.org/20050126_1/Europe/Berlin, what
// follows each of its slashes.
func byName(id string) (*time.Location, bool) {
	for name, more := id, true; more; _, name, more = strings.Cut(name, "/") {
		if zone, err := calendar.LoadZone(name); err == nil {
			return zone, true
		}
	}
	for line := range strings.Lines(windowsZones) {
		windows, iana, _ := strings.Cut(strings.TrimSpace(line), "=")
		if strings.EqualFold(windows, id) {
			zone, err := calendar.LoadZone(iana)
			return zone, err == nil
		}
	}
	return nil, false
}
