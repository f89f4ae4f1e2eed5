package calendar_test

import (
	"archive/zip"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/calendar"
)

func TestLoadZone(t *testing.T) {
	t.Parallel()
	for _, name := range append([]string{"Asia/Calcutta", "Etc/GMT+5"}, zones...) {
		location, err := calendar.LoadZone(name)
		require.NoError(t, err)
		require.Equal(t, name, location.String())
	}
}

func TestUnknownZone(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Berlin":         `unknown time zone "Berlin": did you mean Europe/Berlin?`,
		"europe/berlin":  `unknown time zone "europe/berlin": did you mean Europe/Berlin?`,
		"US/New York":    `unknown time zone "US/New York": did you mean America/New_York?`,
		"Local":          `unknown time zone "Local": write an IANA name such as Europe/Berlin`,
		"":               `unknown time zone "": write an IANA name such as Europe/Berlin`,
		"Europe/":        `unknown time zone "Europe/": write an IANA name such as Europe/Berlin`,
		"../etc/passwd":  `unknown time zone "../etc/passwd": write an IANA name such as Europe/Berlin`,
		"Mars/Olympus":   `unknown time zone "Mars/Olympus": write an IANA name such as Europe/Berlin`,
		"Europe/Berlin ": `unknown time zone "Europe/Berlin ": write an IANA name such as Europe/Berlin`,
	} {
		_, err := calendar.LoadZone(name)
		require.EqualError(t, err, want)
		require.False(t, calendar.IsZone(name), name)
	}
}

// TestIsZone: what is called a zone can be loaded, for each of them.
func TestIsZone(t *testing.T) {
	t.Parallel()
	archive, err := zip.OpenReader("data/zoneinfo.zip")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, archive.Close()) })
	require.NotEmpty(t, archive.File)
	for _, f := range archive.File {
		_, err := calendar.LoadZone(f.Name)
		require.NoError(t, err)
		require.True(t, calendar.IsZone(f.Name), f.Name)
	}
}

// A toolchain that ships the archive we embed also says which release that is.
func TestZoneVersionNamesTheArchive(t *testing.T) {
	t.Parallel()
	ours, err := os.ReadFile("data/zoneinfo.zip")
	require.NoError(t, err)
	lib := filepath.Join(runtime.GOROOT(), "lib", "time") //nolint:staticcheck // the toolchain that runs the test is meant
	theirs, err := os.ReadFile(filepath.Join(lib, "zoneinfo.zip"))
	if err != nil {
		t.Skipf("the toolchain has no time zones: %v", err)
	}
	if string(ours) != string(theirs) {
		t.Skip("the toolchain has another release; go generate takes it over")
	}
	script, err := os.ReadFile(filepath.Join(lib, "update.bash"))
	require.NoError(t, err)
	require.Contains(t, string(script), "\nDATA="+calendar.ZoneVersion+"\n")
}

func TestDate(t *testing.T) {
	t.Parallel()
	date, err := calendar.ParseDate("2026-12-24")
	require.NoError(t, err)
	require.Equal(t, calendar.NewDate(2026, time.December, 24), date)
	require.Equal(t, "2026-12-24", date.String())
	require.Equal(t, time.Thursday, date.Weekday())
	require.Equal(t, 2026, date.Year())
	require.Equal(t, "1969-12-31", calendar.Date(-1).String())
	require.Equal(t, calendar.Date(-1), calendar.NewDate(1969, time.December, 31))

	for _, text := range []string{"", "2026-02-30", "24.12.2026", "2026-1-2"} {
		_, err := calendar.ParseDate(text)
		require.ErrorContains(t, err, "write a day of the calendar as 2026-12-24")
	}
	late := time.Date(2026, 12, 24, 23, 30, 0, 0, time.FixedZone("east", 3600))
	require.Equal(t, date, calendar.DateOf(late), "the day is the one on the wall, not in UTC")
}
