package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

// Accounts that a router knows in a comparison; leads are of as many companies.
const Accounts = 100_000

// Knowing is the router on a site, with the accounts of a CRM beside its leads: half of these
// have a domain that an account has, the others a company's name as people write it.
func Knowing(ctx context.Context, s Site) (Contender, error) {
	c, err := Router(ctx, s)
	if err != nil {
		return c, err
	}
	c.Path.Make = makeKnown
	p, err := kstream.NewPublisher(s.Kafka)
	if err != nil {
		return c, err
	}
	defer p.Close()
	for i := range Accounts {
		r := marshalled(fmt.Sprintf("A-%06d", i), map[string]any{
			"id": fmt.Sprintf("A-%06d", i), "name": company(i) + " GmbH", "domains": []string{domain(i)}, "country": "DE",
			"owner": fmt.Sprintf("rep-%02d", 1+i%20), "status": [...]string{"prospect", "customer"}[i%2],
		})
		r.Topic = event.AccountChanged.Topic(s.Instance)
		p.Send(ctx, r, nil)
	}
	return c, p.Flush(ctx)
}

// makeKnown is a lead of one of many companies, as a web form sends it.
func makeKnown(i int) *kstream.Record {
	of := i * 7919 % Accounts
	lead := map[string]any{
		"id": fmt.Sprintf("L-%08d", i), "source": [...]string{"demo_request", "webinar", "content_download"}[i%3],
		"first_name": firstNames[i%len(firstNames)], "last_name": lastName(i),
		"job_title": [...]string{"VP Risk", "Einkaufsleiter", "Engineer"}[i%3], "phone": fmt.Sprintf("+4930%07d", i%9_999_999),
		"company": map[string]any{"name": company(of), "employees": 20 + i%900}, "deal_value": 1000 * (1 + i%90), "currency": "EUR",
	}
	if lead["email"] = fmt.Sprintf("p%d@gmail.com", i); i%2 == 0 {
		lead["email"] = fmt.Sprintf("p%d@%s", i, domain(of))
	}
	return marshalled(fmt.Sprintf("L-%08d", i), lead)
}

func marshalled(key string, v any) *kstream.Record {
	value, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own map can always be written
	}
	return &kstream.Record{Key: []byte(key), Value: value}
}

var (
	firstNames = []string{"Jana", "Petr", "Ana", "Björn", "Chloé", "Dmitri", "Emre", "Fatima"}
	beginnings = []string{"We", "No", "Gar", "Lin", "Mar", "Iva", "Yıl", "Had", "Ros", "Kow", "Jen", "Dvo", "Sch", "Ta"}
	middles    = []string{"be", "vá", "cí", "dströ", "ti", "no", "dı", "da", "si", "als", "se", "řá", "mi", "na", "lle", "gu", "pe"}
	endings    = []string{"r", "k", "a", "m", "n", "v", "z", "d", "ni", "ki", "nsen", "tt", "ka"}
	syllables  = []string{"ba", "cor", "del", "fi", "gan", "hel", "jo", "kar", "lum", "mes"}
)

// lastName is one of some thousand.
func lastName(i int) string {
	return beginnings[i%len(beginnings)] + middles[i/3%len(middles)] + endings[i/5%len(endings)]
}

// company is a name that no other number has.
func company(i int) string {
	return spelt(i+Accounts) + [...]string{" Systems", " Logistik", " Group", ""}[i%4]
}

// spelt is a word that no other number has.
func spelt(n int) string {
	var word strings.Builder
	for ; n > 0; n /= 10 {
		word.WriteString(syllables[n%10])
	}
	return word.String()
}

func domain(i int) string { return fmt.Sprintf("company-%d.example", i) }
