package schedule

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Fault is one thing that goes wrong, and heals.
type Fault struct {
	N    int           `json:"n"`  // 1, 2, …
	At   time.Duration `json:"at"` // from the beginning of the run
	For  time.Duration `json:"for"`
	Kind Kind          `json:"kind"`
	// Target is a process (a, b: routers; x, y: watchers), the id of a broker, or one of
	// the other targets.
	Target string `json:"target"`
	// To is the other end, of faults between two.
	To string `json:"to,omitempty"`
	// Size is how far a clock is set, or how late comes what passes a slow link.
	Size time.Duration `json:"size,omitempty"`
}

// String is the fault in a line.
func (f Fault) String() string {
	text := fmt.Sprintf("%-14s %s", f.Kind, f.Target)
	if f.To != "" {
		text += "–" + f.To
	}
	if f.Size != 0 {
		text += fmt.Sprintf(" by %s", f.Size)
	}
	return fmt.Sprintf("%s for %s", text, f.For.Round(100*time.Millisecond))
}

// Plan is what to draw.
type Plan struct {
	Seed   uint64
	Faults int
	// Length of the run: the faults are spread over it, and the last one has healed by
	// then.
	Length time.Duration
	// Without leaves kinds out; without any there is no fault.
	Without []Kind
}

// New draws the faults, by when they begin.
func New(plan Plan) []Fault {
	d := &deck{chance: rand.New(rand.NewPCG(plan.Seed, 0)), without: plan.Without, busy: map[string]time.Duration{}} //nolint:gosec // drawn again by whoever knows the seed, on purpose
	if !slices.ContainsFunc(traits(), func(t trait) bool { return !slices.Contains(plan.Without, t.kind) }) {
		return nil
	}
	// The longest fault begins early enough to heal.
	length := plan.Length - longest()
	var faults []Fault
	for n := range plan.Faults {
		at := length * time.Duration(n) / time.Duration(max(plan.Faults-1, 1))
		f := d.draw(max(at, 0))
		f.N = n + 1
		faults = append(faults, f)
	}
	slices.SortStableFunc(faults, func(a, b Fault) int { return cmp.Compare(a.At, b.At) })
	return faults
}

// deck gives out kinds.
type deck struct {
	chance  *rand.Rand
	without []Kind
	left    []trait
	busy    map[string]time.Duration // what is struck, until when
}

// rest is what is left alone after a fault, so that its healing shows.
const rest = time.Second

// draw gives a fault that begins at an instant, of the first kind in the deck that
// strikes something which is not struck then. If all are, it waits until one is not.
func (d *deck) draw(at time.Duration) Fault {
	if len(d.left) == 0 {
		d.left = slices.DeleteFunc(traits(), func(t trait) bool { return slices.Contains(d.without, t.kind) })
		d.chance.Shuffle(len(d.left), func(i, j int) { d.left[i], d.left[j] = d.left[j], d.left[i] })
	}
	for i, t := range d.left {
		if f, ok := d.strike(t, at); ok {
			d.left = slices.Delete(d.left, i, i+1)
			return f
		}
	}
	return d.draw(at + rest)
}

// strike makes a fault of a kind, if what it strikes is free.
func (d *deck) strike(t trait, at time.Duration) (Fault, bool) {
	f := Fault{At: at, Kind: t.kind}
	var holds []string
	for _, i := range d.chance.Perm(len(t.on)) {
		f.Target = t.on[i]
		if len(t.to) > 0 {
			f.To = t.to[d.chance.IntN(len(servers(t, f.Target)))]
		}
		holds = held(t, f)
		if !slices.ContainsFunc(holds, func(what string) bool { return d.busy[what] > at }) {
			break
		}
		holds = nil
	}
	if holds == nil {
		return Fault{}, false
	}
	f.For = t.least + time.Duration(d.chance.Int64N(int64(t.most-t.least)+1))
	f.Size = d.size(t.kind)
	for _, what := range holds {
		d.busy[what] = at + f.For + rest
	}
	return f, true
}

// servers are those that a process talks to: watchers know no Redis.
func servers(t trait, process string) []string {
	if process == "x" || process == "y" {
		return t.to[:len(t.to)-1]
	}
	return t.to
}

// held is what a fault takes hold of.
func held(t trait, f Fault) []string {
	switch {
	case t.all:
		return t.on
	case f.To != "":
		return []string{"link " + f.Target + "/" + f.To}
	case t.kind == Reset:
		return []string{"links " + f.Target}
	case t.kind == BrokerKill, t.kind == BrokerStop, t.kind == BrokerRestart, t.kind == PeersCut:
		return []string{Brokers}
	default:
		return []string{f.Target}
	}
}

// size draws how much of a fault there is, where that can be said.
func (d *deck) size(kind Kind) time.Duration {
	switch kind {
	case ClockStep:
		step := time.Duration(3+d.chance.IntN(58)) * time.Second
		if d.chance.IntN(2) == 0 {
			return -step
		}
		return step
	case Slow:
		return time.Duration(50+d.chance.IntN(450)) * time.Millisecond
	default:
		return 0
	}
}

// longest is how long the longest fault lasts.
func longest() time.Duration {
	most := time.Duration(0)
	for _, t := range traits() {
		most = max(most, t.most)
	}
	return most
}
