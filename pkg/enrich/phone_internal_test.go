package enrich

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/nyaruka/phonenumbers"
	"github.com/stretchr/testify/require"
)

func TestProbe(t *testing.T) {
	d := newDirectory()
	states := 0
	for code, p := range d.plans {
		if p == nil {
			continue
		}
		began := time.Now()
		n := p()
		if took := time.Since(began); took > 5*time.Millisecond {
			fmt.Println(code, took, len(n.next))
		}
		states += len(n.next)
	}
	fmt.Println("states", states)
	r := rand.New(rand.NewSource(1))
	bad, quick, slow, valid := 0, 0, 0, 0
	regions := []string{}
	for id := range d.dialling {
		regions = append(regions, id)
	}
	for range 200000 {
		id := regions[r.Intn(len(regions))]
		typ := []phonenumbers.PhoneNumberType{phonenumbers.MOBILE, phonenumbers.FIXED_LINE, phonenumbers.TOLL_FREE, phonenumbers.PREMIUM_RATE}[r.Intn(4)]
		ex := phonenumbers.GetExampleNumberForType(id, typ)
		if ex == nil {
			continue
		}
		text := phonenumbers.Format(ex, []phonenumbers.PhoneNumberFormat{phonenumbers.E164, phonenumbers.NATIONAL, phonenumbers.INTERNATIONAL}[r.Intn(3)])
		b := []byte(text)
		for range r.Intn(4) {
			i := r.Intn(len(b))
			if b[i] >= '0' && b[i] <= '9' {
				b[i] = byte('0' + r.Intn(10))
			}
		}
		if r.Intn(10) == 0 {
			b = append(b, byte('0'+r.Intn(10)))
		}
		text = string(b)
		country := id
		if r.Intn(3) == 0 {
			country = regions[r.Intn(len(regions))]
		}
		if strings.HasPrefix(text, "+") && r.Intn(2) == 0 {
			country = ""
		}
		got, ok := d.quick(text, country)
		if !ok {
			slow++
		} else {
			quick++
		}
		n, err := phonenumbers.Parse(text, country)
		v := err == nil && phonenumbers.IsValidNumber(n)
		if v {
			valid++
		}
		if !ok {
			continue
		}
		want := ""
		reg := ""
		if v {
			want = phonenumbers.Format(n, phonenumbers.E164)
			reg = countryOf(phonenumbers.GetRegionCodeForNumber(n))
		}
		if got.E164 != want || got.Country != reg {
			bad++
			if bad < 30 {
				fmt.Println("BAD", text, country, got, want, reg)
			}
		}
	}
	fmt.Println("bad", bad, "quick", quick, "slow", slow, "valid", valid)
	require.Zero(t, bad)
}
