package match

// addressKind is what an e-mail address says about who reads it.
type addressKind byte

const (
	ordinary addressKind = iota
	shared               // info@, sales@: whoever is on duty
	own                  // holds the person's name
)

// texts are a person's fields, folded.
type texts struct {
	field   [numFields][]byte
	address addressKind
	mail    address
	first   []byte // the word of the first name that tells
	last    []byte
	sounds  [2][]byte // of first and last
}

// textsOf folds a person's fields.
func textsOf(p *Person) *texts {
	t := &texts{}
	buf := make([]byte, 0, 512)
	add := func(f field, fill func([]byte, string) []byte, s string) {
		if s == "" {
			return
		}
		n := len(buf)
		buf = fill(buf, s)
		t.field[f] = buf[n:len(buf):len(buf)]
	}
	add(firstName, fold, p.FirstName)
	add(lastName, fold, p.LastName)
	add(company, fold, employer(p.Company))
	add(phone, digits, p.Phone)
	add(city, fold, p.City)
	add(postalCode, fold, p.PostalCode)
	add(street, fold, p.Street)
	add(place, fold, p.Place)
	add(region, fold, p.Region)
	add(country, fold, p.Country)
	add(birth, digits, p.Birth)
	t.first, t.last = firstWord(t.field[firstName]), longest(t.field[lastName])
	t.sounds = [2][]byte{sound(nil, t.first), sound(nil, t.last)}
	t.setAddress(p.Email)
	return t
}
