package match

import "leadrouter/pkg/lead"

// Person is what a human can be recognised by. Everything is as its sender wrote it, in any
// script; what is empty is unknown and speaks neither for nor against.
type Person struct {
	Email     string
	Phone     string // E.164 where it can be had; else it is compared digit by digit
	FirstName string
	LastName  string
	Company   string // name or web domain of the employer

	Street     string
	Place      string // a further line of the address: building, district
	City       string
	PostalCode string
	Region     string
	Country    string // ISO 3166-1 alpha-2
	Birth      string // date of birth, YYYY-MM-DD; separators do not matter
}

// PersonOf gathers what is known of a lead's person. Addresses and dates of birth are no
// fields of a lead: they are taken from the attributes street and date_of_birth. The domain
// of a free mail provider is nobody's employer.
func PersonOf(l *lead.Lead) Person {
	p := Person{
		Email: l.Email, Phone: l.Phone, FirstName: l.FirstName, LastName: l.LastName,
		Company: CompanyDomain(l), City: l.City, PostalCode: l.PostalCode,
		Region: l.Region, Country: l.Country, Street: attribute(l, "street"), Birth: attribute(l, "date_of_birth"),
	}
	if p.Company == "" {
		p.Company = l.Company.Name
	}
	return p
}

// attribute is what the sender gave under a name of its own, if it is text.
func attribute(l *lead.Lead, name string) string {
	s, _ := l.Attributes[name].(string)
	return s
}

// Key is a digest under which persons who may be the same find each other.
type Key struct {
	By     string // email, phone, name (with a company, a place or a date of birth)
	Digest string // 11 characters, base64url
}

// Print is what may be kept of a person: nothing in it can be read without the key it was
// made with. Persons that share a Digest are candidates; [Encoder.Same] tells of their
// sketches whether they are one.
type Print struct {
	Keys   []Key  // the surest first, at most MaxKeys
	Sketch []byte // at most MaxSketch bytes
}
