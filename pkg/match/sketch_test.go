package match_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/match"
)

func full() match.Person {
	return match.Person{
		Email: "jo.weber@weber-bank.example", Phone: "+4930123456", FirstName: "Johanna", LastName: "Weber",
		Company: "Weber Bank AG", Street: "Hauptstraße 5", Place: "Hinterhaus", City: "Berlin", PostalCode: "10115",
		Region: "Berlin", Country: "DE", Birth: "1984-03-12",
	}
}

func TestAnotherKeyChangesEverything(t *testing.T) {
	t.Parallel()
	a, b := match.NewEncoder([]byte("one")), match.NewEncoder([]byte("two"))
	rapid.Check(t, func(t *rapid.T) {
		p := drawPerson(t)
		x, y := a.Encode(p), b.Encode(p)
		require.Len(t, y.Keys, len(x.Keys))
		for _, k := range x.Keys {
			require.NotContains(t, y.Keys, k)
		}
		require.Len(t, y.Sketch, len(x.Sketch))
		require.NotEqual(t, x.Sketch, y.Sketch)
		require.Zero(t, a.Same(x.Sketch, y.Sketch), "what another key has made is nobody's")
		require.Zero(t, b.Same(x.Sketch, x.Sketch))
	})
}

// TestSketchesShowNothing: without the key sketches of persons who share nearly everything
// look as if they had nothing to do with each other.
func TestSketchesShowNothing(t *testing.T) {
	t.Parallel()
	e := encoder()
	const persons, word = 500, 6
	seen := map[string]int{}
	ones, total := 0, 0
	for i := range persons {
		p := full()
		p.Email = fmt.Sprintf("jo.weber%d@weber-bank.example", i)
		sketch := e.Encode(p).Sketch[1:] // behind the version
		for j := 0; j+word <= len(sketch); j++ {
			w := string(sketch[j : j+word])
			owner, ok := seen[w]
			require.True(t, !ok || owner == i, "persons %d and %d have %d bytes in common", owner, i, word)
			seen[w] = i
		}
		for _, b := range sketch {
			for ; b != 0; b &= b - 1 {
				ones++
			}
			total += 8
		}
	}
	require.InDelta(t, 0.5, float64(ones)/float64(total), 0.01, "no more ones than zeros")
}

func TestPrintHoldsNoText(t *testing.T) {
	t.Parallel()
	p := encoder().Encode(full())
	text := string(p.Sketch)
	for _, k := range p.Keys {
		raw, err := base64.RawURLEncoding.DecodeString(k.Digest)
		require.NoError(t, err)
		text += "\n" + k.Digest + "\n" + string(raw)
	}
	for _, secret := range []string{"weber", "johanna", "jo.w", "bank", "3012", "10115", "berlin", "haupt", "1984"} {
		require.NotContains(t, strings.ToLower(text), secret)
	}
}

func TestSketchSizes(t *testing.T) {
	t.Parallel()
	e := encoder()
	require.Len(t, e.Encode(full()).Sketch, match.MaxSketch)

	p := full()
	p.Street, p.Place, p.Region, p.Birth = "", "", "", ""
	require.Len(t, e.Encode(p).Sketch, 116, "as the comment at MaxSketch has it")

	nothing := e.Encode(match.Person{})
	require.Len(t, nothing.Sketch, 12)
	require.Less(t, e.Same(nothing.Sketch, nothing.Sketch), match.Duplicate)
}

func TestDamagedSketches(t *testing.T) {
	t.Parallel()
	e := encoder()
	good := e.Encode(full()).Sketch
	require.Zero(t, e.Same(good, nil))
	require.Zero(t, e.Same(nil, good))
	for n := range good {
		require.Zero(t, e.Same(good, good[:n]), "cut at %d", n)
		changed := bytes.Clone(good)
		changed[n] ^= 0x10
		require.Zero(t, e.Same(good, changed), "changed at %d", n)
	}
	require.Zero(t, e.Same(good, append(bytes.Clone(good), 0)))
	require.Zero(t, e.Same(good, make([]byte, 1<<16)))
}

func TestSameLeavesSketchesAlone(t *testing.T) {
	t.Parallel()
	e := encoder()
	a := e.Encode(full()).Sketch
	before := bytes.Clone(a)
	e.Same(a, a)
	require.Equal(t, before, a)
}

func TestDigest(t *testing.T) {
	t.Parallel()
	e := encoder()
	d := e.Digest("company", "domain:acme.com")
	require.Len(t, d, 11)
	require.Equal(t, d, e.Digest("company", "domain:acme.com"))
	require.NotEqual(t, d, e.Digest("company", "domain:acme.org"))
	require.NotEqual(t, d, e.Digest("account", "domain:acme.com"), "of another kind")
	require.NotEqual(t, d, match.NewEncoder(nil).Digest("company", "domain:acme.com"))
}

// TestKeyIsCopied: whoever wipes the key afterwards must not change the encoder.
func TestKeyIsCopied(t *testing.T) {
	t.Parallel()
	key := []byte("secret")
	e := match.NewEncoder(key)
	before := e.Encode(full())
	clear(key)
	require.Empty(t, cmp.Diff(before, e.Encode(full())))
}

func TestEncodersAreShared(t *testing.T) {
	t.Parallel()
	e := encoder()
	want := e.Encode(full())
	var wait sync.WaitGroup
	got := make([]match.Print, 8)
	for i := range got {
		wait.Go(func() {
			for range 100 {
				got[i] = e.Encode(full())
				if e.Same(got[i].Sketch, want.Sketch) < match.Duplicate {
					got[i] = match.Print{}
				}
			}
		})
	}
	wait.Wait()
	for _, p := range got {
		require.Empty(t, cmp.Diff(want, p))
	}
}

// TestEvidenceAddsUp: whatever agrees in addition makes it surer, what contradicts less sure.
func TestEvidenceAddsUp(t *testing.T) {
	t.Parallel()
	e := encoder()
	a, b := match.Person{FirstName: "Anna", LastName: "Keller"}, match.Person{FirstName: "Anna", LastName: "Keller"}
	last := meet(e, a, b).score
	for _, add := range []func(p *match.Person){
		func(p *match.Person) { p.Country = "DE" },
		func(p *match.Person) { p.City = "Berlin" },
		func(p *match.Person) { p.PostalCode = "10115" },
		func(p *match.Person) { p.Company = "acme.com" },
	} {
		add(&a)
		require.Equal(t, last, meet(e, a, b).score, "what only one knows says nothing")
		add(&b)
		score := meet(e, a, b).score
		require.Greater(t, score, last, "%+v", a)
		last = score
	}
	b.Country, b.City, b.PostalCode = "US", "Boston", "02134"
	require.Less(t, meet(e, a, b).score, last)
}

// TestNumbersThatDiffer: the next extension is not the same phone, however the bits fall.
func TestNumbersThatDiffer(t *testing.T) {
	t.Parallel()
	e := encoder()
	phone := func(n int) []byte { return e.Encode(match.Person{Phone: fmt.Sprintf("+49301234%03d", n)}).Sketch }
	for n := range 1000 {
		require.Less(t, e.Same(phone(n), phone((n+1)%1000)), match.Duplicate, n)
		require.GreaterOrEqual(t, e.Same(phone(n), phone(n)), match.Duplicate)
	}
}

// FuzzEncode: whatever a lead holds, its print is within bounds, reads back and is equal to
// itself. Hostile text costs no more than a long name.
func FuzzEncode(f *testing.F) {
	for _, s := range []string{
		"", " ", "Müller", "王小明", "a@b", "@", "a@", "+@gmail.com", "....@gmail.com", "\x00\xff\xfe", "\u202e\u200d",
		strings.Repeat("é", 5000), strings.Repeat("a ", 300), "🦊", "ﷺ", "00000", "+49 (0) 30 / 12-34", "١٢٣٤٥٦", "co.uk", "..",
	} {
		f.Add(s, "Weber", "Acme GmbH")
		f.Add("Anna", s, s)
	}
	e := encoder()
	f.Fuzz(func(t *testing.T, a, b, c string) {
		for _, p := range []match.Person{
			{Email: a, Phone: b, FirstName: c, LastName: a, Company: b, City: c, PostalCode: a, Street: b, Birth: c},
			{Email: c + "@" + a, FirstName: b, LastName: c, Company: c, Phone: a, Place: a, Region: b, Country: c},
		} {
			x := e.Encode(p)
			require.LessOrEqual(t, len(x.Keys), match.MaxKeys)
			require.LessOrEqual(t, len(x.Sketch), match.MaxSketch)
			require.True(t, slices.EqualFunc(x.Keys, e.Encode(p).Keys, func(k, l match.Key) bool { return k == l }))
			require.Positive(t, e.Same(x.Sketch, x.Sketch)+1)
			require.GreaterOrEqual(t, e.Same(x.Sketch, x.Sketch), e.Same(x.Sketch, e.Encode(full()).Sketch))
		}
	})
}
