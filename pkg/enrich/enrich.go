package enrich

import (
	"net/netip"
	"strings"
	"sync"

	"leadrouter/pkg/lead"
)

// Where facts come from, as [lead.Evidence] names it.
const (
	FromEmail   = "email"
	FromPhone   = "phone"
	FromPostal  = "postal_code"
	FromIP      = "ip"
	FromCountry = "country"
	FromRegion  = "region"
	FromTitle   = "job_title"
)

// Config of an enricher.
type Config struct {
	// Locate finds the place of an IP address. Default: nobody knows.
	Locate func(netip.Addr) (Place, bool)
}

// Enricher derives what follows from what a lead says of itself. It is safe for parallel use,
// and keeps nothing of the leads it has seen.
type Enricher struct {
	locate func(netip.Addr) (Place, bool)
	// Each is read when it is first asked for: a command that sees no lead pays nothing.
	phones func() *directory
	titles func() *glossary
	atlas  func() *atlas
}

// New makes an enricher.
func New(cfg Config) *Enricher {
	if cfg.Locate == nil {
		cfg.Locate = func(netip.Addr) (Place, bool) { return Place{}, false }
	}
	return &Enricher{
		locate: cfg.Locate, phones: sync.OnceValue(newDirectory), titles: sync.OnceValue(newGlossary), atlas: sync.OnceValue(newAtlas),
	}
}

// Phone reads a phone number as people write them. One without a calling code is taken as
// one of a country (ISO 3166-1; empty: not known). ok is false for what is no number there.
func (e *Enricher) Phone(text, country string) (p Phone, ok bool) {
	return e.phones().parse(text, country)
}

// Title reads a job title.
func (e *Enricher) Title(text string) Title { return e.titles().read(text) }

// Enrich fills in what the sender left empty, and notes where it comes from. E-mail address
// and phone number become their normal form; what cannot be read stays as it is.
func (e *Enricher) Enrich(l *lead.Lead) {
	w := work{e: e, l: l}
	w.mail()
	w.phone()
	w.findCountry()
	w.findRegion()
	w.findZone()
	w.findLanguage()
	w.title()
}

// Facts adds to facts what follows from them, for leads that nobody has sent.
func (e *Enricher) Facts(f lead.Facts) {
	text := func(name string) string { s, _ := f[name].(string); return s }
	l := lead.Lead{
		Email: text("email"), EmailDomain: text("email_domain"), Phone: text("phone"), JobTitle: text("job_title"),
		Country: text("country"), Region: text("region"), PostalCode: text("postal_code"), Language: text("language"),
		Timezone: text("timezone"), Seniority: text("seniority"), JobFunction: text("job_function"),
		Company: lead.Company{Domain: text("company.domain")},
	}
	e.Enrich(&l)
	if l.Evidence == nil {
		return
	}
	all := l.Facts()
	for name := range l.Evidence.From {
		if _, given := f[name]; !given {
			f[name] = all[name]
		}
	}
}

// work is the enrichment of one lead.
type work struct {
	e     *Enricher
	l     *lead.Lead
	email Mail
	call  Phone // empty: there is none, or its country is not known yet
	ip    Place
	asked bool // for the place of the IP address
}

// learn fills an empty field.
func (w *work) learn(field *string, name, value, from string) bool {
	if *field != "" || value == "" {
		return false
	}
	*field = value
	w.l.Learned(from, name)
	return true
}

// mail brings the address to its normal form, and tells what its domain is.
func (w *work) mail() {
	l := w.l
	m, ok := ParseMail(l.Email)
	if !ok {
		return
	}
	// The domain that came with the lead may be the one that was read off the address.
	if l.EmailDomain == "" || strings.HasSuffix(strings.ToLower(l.Email), "@"+l.EmailDomain) {
		l.EmailDomain = m.Domain
	}
	l.Email, w.email = m.Address, m
	flags := &[2]bool{m.Free, m.Disposable} // one allocation, of this lead alone
	if l.EmailFree == nil {
		l.EmailFree = &flags[0]
		l.Learned(FromEmail, "email_free")
	}
	if l.EmailDisposable == nil {
		l.EmailDisposable = &flags[1]
		l.Learned(FromEmail, "email_disposable")
	}
	if !*l.EmailFree && !*l.EmailDisposable {
		w.learn(&l.Company.Domain, "company.domain", m.Company, FromEmail)
	}
}

// phone brings the number to E.164, once its country is known. Its extension is kept apart.
func (w *work) phone() {
	l := w.l
	if l.Phone == "" || w.call.E164 != "" {
		return
	}
	p, ok := w.e.Phone(l.Phone, l.Country)
	if !ok {
		return
	}
	w.call, l.Phone = p, p.E164
	if p.Extension == "" {
		return
	}
	if _, given := l.Attributes[extension]; !given {
		if l.Attributes == nil {
			l.Attributes = map[string]any{}
		}
		l.Attributes[extension] = p.Extension
	}
}

// extension is the attribute that keeps what E.164 has no room for.
const extension = "phone_extension"

// findCountry asks the phone, the mail, the postal code and the IP address, in this order.
func (w *work) findCountry() {
	l := w.l
	if l.Country != "" {
		return
	}
	_ = w.learn(&l.Country, "country", w.call.Country, FromPhone) ||
		w.learn(&l.Country, "country", w.email.Country, FromEmail) ||
		w.learn(&l.Country, "country", countryOfPostal(l.PostalCode), FromPostal) ||
		w.learn(&l.Country, "country", w.located().Country, FromIP)
	w.phone() // written as at home, it could not be read before
}

func (w *work) findRegion() {
	l := w.l
	if l.Region != "" || l.Country == "" {
		return
	}
	if l.PostalCode != "" && w.learn(&l.Region, "region", w.e.atlas().ofPostal("region", l.Country, l.PostalCode), FromPostal) {
		return
	}
	if p, ok := w.e.atlas().area(w.call.E164); ok && p.Country == l.Country && w.learn(&l.Region, "region", p.Region, FromPhone) {
		return
	}
	if p := w.located(); p.Country == l.Country {
		w.learn(&l.Region, "region", p.Region, FromIP)
	}
}

// findZone goes from the narrow to the wide: region, phone, IP address, country.
func (w *work) findZone() {
	l := w.l
	if l.Timezone != "" {
		return
	}
	zone := w.e.atlas().zone(l.Country, l.Region)
	wide := w.e.atlas().zone(l.Country, "")
	switch {
	case zone != "" && zone != wide:
		w.learn(&l.Timezone, "timezone", zone, FromRegion)
	case w.call.Country == l.Country && w.learn(&l.Timezone, "timezone", zoneOfPhone(w.call.E164), FromPhone):
	case wide != "":
		w.learn(&l.Timezone, "timezone", wide, FromCountry)
	default:
		if p := w.located(); p.Country == l.Country {
			w.learn(&l.Timezone, "timezone", p.Timezone, FromIP)
		}
	}
}

func (w *work) findLanguage() {
	l := w.l
	if l.Language == "" {
		w.learn(&l.Language, "language", w.e.atlas().languageOf(l.Country, l.Region, l.PostalCode), FromCountry)
	}
}

func (w *work) title() {
	l := w.l
	if l.JobTitle == "" || l.Seniority != "" && l.JobFunction != "" {
		return
	}
	t := w.e.Title(l.JobTitle)
	w.learn(&l.Seniority, "seniority", t.Seniority, FromTitle)
	w.learn(&l.JobFunction, "job_function", t.Function, FromTitle)
}

// located is the place of the lead's IP address, asked for once.
func (w *work) located() Place {
	if w.asked {
		return w.ip
	}
	w.asked = true
	for _, name := range [...]string{"ip", "ip_address", "client_ip", "remote_ip"} {
		text, ok := w.l.Attributes[name].(string)
		if !ok {
			continue
		}
		if addr, err := netip.ParseAddr(strings.TrimSpace(text)); err == nil {
			if p, known := w.e.locate(addr.Unmap()); known {
				w.ip = p
			}
			break
		}
	}
	return w.ip
}
