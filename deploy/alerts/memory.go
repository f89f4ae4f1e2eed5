package alerts

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// memory holds the series of one test. Points come in the order of time.
type memory struct {
	series map[string]*series // by their labels as text
	engine *promql.Engine
}

type series struct {
	labels labels.Labels
	points []chunks.Sample
}

// point is one sample; t is in milliseconds.
type point struct {
	t int64
	f float64
}

func (p point) T() int64                      { return p.t }
func (p point) F() float64                    { return p.f }
func (point) H() *histogram.Histogram         { return nil }
func (point) FH() *histogram.FloatHistogram   { return nil }
func (point) Type() chunkenc.ValueType        { return chunkenc.ValFloat }
func (p point) Copy() chunks.Sample           { return p }
func at(d time.Duration) (milliseconds int64) { return d.Milliseconds() }

func newMemory() *memory {
	return &memory{series: map[string]*series{}, engine: promql.NewEngine(promql.EngineOpts{
		MaxSamples: 10_000_000, Timeout: time.Minute, LookbackDelta: 5 * time.Minute,
		EnableAtModifier: true, EnableNegativeOffset: true,
	})}
}

// add appends a point to a series.
func (m *memory) add(l labels.Labels, t time.Duration, f float64) {
	key := l.String()
	if m.series[key] == nil {
		m.series[key] = &series{labels: l}
	}
	m.series[key].points = append(m.series[key].points, point{at(t), f})
}

// end marks a series as gone, so that it is not looked back at.
func (m *memory) end(l labels.Labels, t time.Duration) {
	m.add(l, t, math.Float64frombits(value.StaleNaN))
}

// query evaluates an expression at an instant.
func (m *memory) query(ctx context.Context, expr string, t time.Duration) (promql.Vector, error) {
	source := &storage.MockQueryable{MockQuerier: &storage.MockQuerier{SelectMockFunction: m.find}}
	q, err := m.engine.NewInstantQuery(ctx, source, nil, expr, time.UnixMilli(at(t)))
	if err != nil {
		return nil, fmt.Errorf("query %q: %w", expr, err)
	}
	defer q.Close()
	vector, err := q.Exec(ctx).Vector()
	if err != nil {
		return nil, fmt.Errorf("query %q at %s: %w", expr, t, err)
	}
	return vector, nil
}

// find returns the series that matchers ask for, as far as they are looked at.
func (m *memory) find(_ bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	var found []storage.Series
	for _, s := range m.series {
		matches := !slices.ContainsFunc(matchers, func(match *labels.Matcher) bool { return !match.Matches(s.labels.Get(match.Name)) })
		if matches {
			found = append(found, storage.NewListSeries(s.labels, s.between(hints)))
		}
	}
	return &set{series: found, next: -1}
}

// between are the points that a query looks at.
func (s *series) between(hints *storage.SelectHints) []chunks.Sample {
	if hints == nil {
		return s.points
	}
	place := func(t int64) int {
		i, _ := slices.BinarySearchFunc(s.points, t, func(p chunks.Sample, t int64) int { return int(p.T() - t) })
		return i
	}
	return s.points[place(hints.Start):place(hints.End+1)]
}

// set is a [storage.SeriesSet] of a list.
type set struct {
	series []storage.Series
	next   int
}

// Next implements [storage.SeriesSet].
func (s *set) Next() bool { s.next++; return s.next < len(s.series) }

// At implements [storage.SeriesSet].
func (s *set) At() storage.Series { return s.series[s.next] }

// Err implements [storage.SeriesSet].
func (s *set) Err() error { return nil }

// Warnings implements [storage.SeriesSet].
func (s *set) Warnings() annotations.Annotations { return nil }
