package calendar

import (
	"archive/zip"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// ZoneVersion names the release of the IANA time zone database that is embedded.
const ZoneVersion = "2025c"

// The archive is the one of the Go distribution. It is embedded here rather than through
// time/tzdata because package time prefers the machine's own files, and two routers
// must not disagree on when a shift ends.
//
//go:generate sh -c "cp $(go env GOROOT)/lib/time/zoneinfo.zip data/zoneinfo.zip"
//go:embed data/zoneinfo.zip
var zoneArchive string

// LoadZone returns the time zone with the given IANA name, such as Europe/Berlin.
func LoadZone(name string) (*time.Location, error) {
	archive, err := zip.NewReader(strings.NewReader(zoneArchive), int64(len(zoneArchive)))
	if err != nil {
		return nil, fmt.Errorf("open time zones: %w", err)
	}
	i := slices.IndexFunc(archive.File, func(f *zip.File) bool { return f.Name == name })
	if i < 0 || strings.HasSuffix(name, "/") {
		return nil, fmt.Errorf("unknown time zone %q: %s", name, suggestZone(archive, name))
	}
	file, err := archive.File[i].Open()
	if err != nil {
		return nil, fmt.Errorf("open time zone %q: %w", name, err)
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		return nil, fmt.Errorf("read time zone %q: %w", name, err)
	}
	return time.LoadLocationFromTZData(name, data)
}

// suggestZone looks for the city: people write Berlin, europe/berlin or Germany/Berlin.
func suggestZone(archive *zip.Reader, name string) string {
	city := func(name string) string {
		name = strings.ToLower(strings.ReplaceAll(name, " ", "_"))
		return name[strings.LastIndex(name, "/")+1:]
	}
	i := slices.IndexFunc(archive.File, func(f *zip.File) bool {
		return !strings.HasSuffix(f.Name, "/") && city(f.Name) == city(name)
	})
	if i < 0 {
		return "write an IANA name such as Europe/Berlin"
	}
	return "did you mean " + archive.File[i].Name + "?"
}
