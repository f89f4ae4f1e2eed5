package calendar

import (
	"archive/zip"
	_ "embed"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
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

// zones is the archive by name. It is opened once and never changes: finding a name in
// it must not take longer than reading a lead that holds one.
var zones = sync.OnceValues(func() (map[string]*zip.File, error) {
	archive, err := zip.NewReader(strings.NewReader(zoneArchive), int64(len(zoneArchive)))
	if err != nil {
		return nil, fmt.Errorf("open time zones: %w", err)
	}
	files := make(map[string]*zip.File, len(archive.File))
	for _, f := range archive.File {
		if !strings.HasSuffix(f.Name, "/") {
			files[f.Name] = f
		}
	}
	return files, nil
})

// IsZone reports whether LoadZone knows the name. It reads nothing and is fast.
func IsZone(name string) bool {
	files, err := zones()
	return err == nil && files[name] != nil
}

// LoadZone returns the time zone with the given IANA name, such as Europe/Berlin.
func LoadZone(name string) (*time.Location, error) {
	files, err := zones()
	if err != nil {
		return nil, err
	}
	entry, known := files[name]
	if !known {
		return nil, fmt.Errorf("unknown time zone %q: %s", name, suggestZone(files, name))
	}
	file, err := entry.Open()
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
func suggestZone(files map[string]*zip.File, name string) string {
	city := func(name string) string {
		name = strings.ToLower(strings.ReplaceAll(name, " ", "_"))
		return name[strings.LastIndex(name, "/")+1:]
	}
	for _, known := range slices.Sorted(maps.Keys(files)) {
		if city(known) == city(name) {
			return "did you mean " + known + "?"
		}
	}
	return "write an IANA name such as Europe/Berlin"
}
