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
	at := t.fields[postalCode]
	if len(at) == 0 {
		at = appendSound(nil, longest(t.fields[city]))
	}
	r.born(t, at)
	if house, town := t.fields[street], t.fields[city]; len(house) > 0 && len(town) > 0 {
		r.add("name", "house", appendDigits(nil, string(house)), appendSound(nil, longest(house)), appendSound(nil, longest(town)))
	}
	r.named(t, "at", at)
	r.bare(t)
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

// born adds the keys of a date of birth: with either name, and with a place. With a name it
// is the birthday, without the year, which is what is mistyped as often as all the rest.
func (r *keyring) born(t *texts, at []byte) {
	date := t.fields[birth]
	if len(date) == 0 {
		return
	}
	for _, name := range t.sounds[:2] {
		if len(name) > 0 {
			r.add("name", "born", name, date[min(4, len(date)-1):])
		}
	}
	if len(at) > 0 {
		r.add("name", "born at", date, at)
	}
}

// bare adds the key of both names in either order. It is the last resort: it finds who is
// known by things that are all spelt a little differently, and many who are not.
func (r *keyring) bare(t *texts) {
	a, b := t.sounds[0], t.sounds[1]
	if len(a) == 0 || len(b) == 0 {
		return
	}
	if bytes.Compare(a, b) > 0 {
		a, b = b, a
	}
	r.add("name", "names", a, b)
}

// initial of a name by its sound.
func initial(sound []byte) []byte {
	return sound[:min(len(sound), 1)]
}
