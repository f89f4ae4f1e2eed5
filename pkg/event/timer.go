package event

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"leadrouter/pkg/lead"
)

// Timer reads the data of lead.timers.
func (e Envelope) Timer() (Timer, error) {
	t, plain := plainTimer(e.Data)
	if !plain {
		t = Timer{}
		if err := decode(e.Data, &t, "start"); err != nil {
			return Timer{}, err
		}
	}
	err := cmp.Or(id("lead_id", t.LeadID, true), running(t.Attempt), year("start", t.Start))
	for _, rep := range t.Tell {
		err = cmp.Or(err, id("tell", rep, true))
	}
	for i := range t.Due {
		err = cmp.Or(err, dated("due", t.Due[i].Clock, t.Due[i].At), stageNumber(t.Due[i].Stage))
		for _, do := range t.Due[i].Do {
			err = cmp.Or(err, id("do", do, true))
		}
	}
	for _, s := range t.Stopped {
		err = cmp.Or(err, dated("stopped", s.Clock, s.At))
	}
	return t, err
}

// plainTimer reads a timer as we write it: a watcher reads all there are at its start,
// and encoding/json would take twice as long. What is in any way unusual is left
// to it.
func plainTimer(data []byte) (t Timer, plain bool) {
	if lead.Check(data) != nil {
		return t, false
	}
	p := plainReader{ok: true}
	p.object(gjson.ParseBytes(data), func(name string, v gjson.Result) {
		switch name {
		case "lead_id":
			t.LeadID = p.text(v)
		case "attempt":
			t.Attempt = p.integer(v)
		case "rep_id":
			t.RepID = p.text(v)
		case "sla":
			t.SLA = p.text(v)
		case "start":
			t.Start = p.instant(v)
		case "due":
			t.Due = listOf(&p, v, p.due)
		case "tell":
			t.Tell = listOf(&p, v, p.text)
		case "stopped":
			t.Stopped = listOf(&p, v, p.stop)
		default:
			p.ok = false
		}
	})
	return t, p.ok
}

// plainReader reads JSON that holds what is expected. ok stays false once it does not.
type plainReader struct{ ok bool }

// object calls member for each of them. None comes twice.
func (p *plainReader) object(v gjson.Result, member func(name string, v gjson.Result)) {
	p.ok = p.ok && v.IsObject()
	var buf [8]string
	seen := buf[:0]
	v.ForEach(func(name, v gjson.Result) bool {
		for _, s := range seen {
			p.ok = p.ok && s != name.Str
		}
		seen = append(seen, name.Str)
		member(name.Str, v)
		return p.ok
	})
}

func listOf[T any](p *plainReader, v gjson.Result, element func(gjson.Result) T) []T {
	p.ok = p.ok && v.IsArray()
	list := []T{}
	v.ForEach(func(_, v gjson.Result) bool {
		list = append(list, element(v))
		return p.ok
	})
	return list
}

// text reads a string without escapes.
func (p *plainReader) text(v gjson.Result) string {
	p.ok = p.ok && v.Type == gjson.String && strings.IndexByte(v.Raw, '\\') < 0
	return v.Str
}

func (p *plainReader) integer(v gjson.Result) int {
	n, err := strconv.Atoi(v.Raw)
	p.ok = p.ok && v.Type == gjson.Number && err == nil
	return n
}

func (p *plainReader) instant(v gjson.Result) (t time.Time) {
	err := t.UnmarshalText([]byte(p.text(v)))
	p.ok = p.ok && err == nil
	return t
}

func (p *plainReader) due(v gjson.Result) (d Due) {
	p.object(v, func(name string, v gjson.Result) {
		switch name {
		case "clock":
			d.Clock = p.text(v)
		case "stage":
			d.Stage = p.integer(v)
		case "at":
			d.At = p.instant(v)
		case "do":
			d.Do = listOf(p, v, p.text)
		default:
			p.ok = false
		}
	})
	return d
}

func (p *plainReader) stop(v gjson.Result) (s Stop) {
	p.object(v, func(name string, v gjson.Result) {
		switch name {
		case "clock":
			s.Clock = p.text(v)
		case "at":
			s.At = p.instant(v)
		default:
			p.ok = false
		}
	})
	return s
}
