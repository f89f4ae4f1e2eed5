package match

import "bytes"

// MaxKeys of a print. A lead of whom e-mail, phone, company and place are known has as many.
const MaxKeys = 7

// keyring gathers a person's keys, the surest first, up to MaxKeys.
type keyring struct {
	e    *Encoder
	keys []Key
}

// add the digest of parts, unless it is there.
func (r *keyring) add(by, kind string, parts ...[]byte) {
	if len(r.keys) == MaxKeys {
		return
	}
	digest := r.e.digest(kind, parts...)
	for _, k := range r.keys {
		if k.Digest == digest {
			return
		}
	}
	r.keys = append(r.keys, Key{by, digest})
}

// keys under which the person is found: address and phone by themselves, a name together with
// whatever else is known. Each key is made of two things, so that a slip in one of them leaves
// others whole.
func (e *Encoder) keys(t *texts) []Key {
	r := &keyring{e: e, keys: make([]Key, 0, MaxKeys)}
	if mail := t.fields[email]; len(mail) > 0 {
		r.add("email", "email", mail)
	}
	if number := t.fields[phone]; len(number) > 0 {
		r.add("phone", "phone", number)
	}
	r.named(t, "company", t.sounds[2])
	r.born(t)
	town := appendSound(nil, longest(t.fields[city]))
	if house := t.fields[street]; len(house) > 0 && len(town) > 0 {
		r.add("name", "house", appendDigits(nil, string(house)), appendSound(nil, longest(house)), town)
	}
	if code := t.fields[postalCode]; len(code) > 0 {
		r.named(t, "at", code)
	} else {
		r.fullNamed(t, "in", town)
	}
	return r.keys
}

// named adds the keys of a name within a context: the sound of one name and the initial of
// the other, both ways. A slip in one name leaves the key of the other whole, and a person
// whose names are swapped has the same two.
func (r *keyring) named(t *texts, kind string, context []byte) {
	first, last := t.sounds[0], t.sounds[1]
	if len(context) == 0 || len(first)+len(last) == 0 {
		return
	}
	r.add("name", kind, last, initial(first), context)
	r.add("name", kind, first, initial(last), context)
}

// fullNamed adds the key of both names in either order within a context, for contexts that say
// too little to do with an initial.
func (r *keyring) fullNamed(t *texts, kind string, context []byte) {
	a, b := t.sounds[0], t.sounds[1]
	if len(context) == 0 || len(a) == 0 || len(b) == 0 {
		return
	}
	if bytes.Compare(a, b) > 0 {
		a, b = b, a
	}
	r.add("name", kind, a, b, context)
}

// born adds the keys of a date of birth: the birthday with either name, without the year, in
// which as many slips are made as in all the rest; the date with a place; the year with both
// names.
func (r *keyring) born(t *texts) {
	date := t.fields[birth]
	if len(date) == 0 {
		return
	}
	year := min(4, len(date)-1)
	for _, name := range t.sounds[:2] {
		if len(name) > 0 {
			r.add("name", "birthday", name, date[year:])
		}
	}
	if at := t.fields[postalCode]; len(at) > 0 {
		r.add("name", "born at", date, at)
	} else if town := longest(t.fields[city]); len(town) > 0 {
		r.add("name", "born in", date, appendSound(nil, town))
	}
	r.fullNamed(t, "born", date[:year])
}

// initial of a name by its sound.
func initial(sound []byte) []byte {
	return sound[:min(len(sound), 1)]
}
