package calendar_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/calendar"
)

// BenchmarkOpen is on the hot path: once per rep and lead.
func BenchmarkOpen(b *testing.B) {
	c := open(b, madrid)
	rep := c.WithAbsences([]calendar.Absence{{From: in(b, c, "2026-08-01 00:00"), To: in(b, c, "2026-08-20 00:00")}})
	at := in(b, c, "2026-11-11 12:00")
	require.True(b, rep.Open(at))
	b.ReportAllocs()
	for b.Loop() {
		rep.Open(at)
	}
}

func BenchmarkAdd(b *testing.B) {
	c := open(b, madrid)
	at := in(b, c, "2026-11-11 12:00")
	b.ReportAllocs()
	for b.Loop() {
		c.Add(at, 8*time.Hour)
	}
}

func BenchmarkAddDays(b *testing.B) {
	c := open(b, madrid)
	at := in(b, c, "2026-11-11 12:00")
	b.ReportAllocs()
	for b.Loop() {
		c.AddDays(at, 5)
	}
}

// BenchmarkFirstUse is what a new calendar costs: parsing, and the table of its year.
func BenchmarkFirstUse(b *testing.B) {
	at := in(b, open(b, madrid), "2026-11-11 12:00")
	b.ReportAllocs()
	for b.Loop() {
		open(b, madrid).Open(at)
	}
}

// BenchmarkIsZone: a zone that is none must not be dearer than one that is.
func BenchmarkIsZone(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		calendar.IsZone("Europe/Berlin")
		calendar.IsZone("Europe/Atlantis")
	}
}
