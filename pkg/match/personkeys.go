package match

import (
	"bytes"
)

// MaxKeys of a print.
const MaxKeys = 6

// keys under which the person is found, the surest first: address and phone by themselves, a
// name only together with something else that is known. For each such context there are two
// keys, the sound of one name with the initial of the other, both ways: a slip in one name
// leaves the other key whole, and names that are swapped give the same two.
func (e *Encoder) keys(t *texts) []Key {
	keys := make([]Key, 0, MaxKeys)
	var buf [256]byte
	add := func(by, kind string, parts ...[]byte) {
		if len(keys) < MaxKeys {
			keys = append(keys, Key{by, e.digest([]byte(kind), bytes.Join(parts, []byte{0}))})
		}
	}
	if mail := t.field[email]; len(mail) > 0 {
		add("email", "email", mail)
	}
	if number := t.field[phone]; len(number) >= 5 {
		add("phone", "phone", number)
	}
	first, last := t.sounds[0], t.sounds[1]
	if len(first)+len(last) == 0 {
		return keys
	}
	if b := t.field[birth]; len(b) > 0 {
		for _, name := range t.sounds {
			if len(name) > 0 {
				add("name", "birth", name, b)
			}
		}
	}
	for _, f := range []field{company, street, postalCode, city} {
		text := t.field[f]
		if len(text) == 0 {
			continue
		}
		if f != postalCode {
			text = sound(buf[:0], longest(text))
		}
		kind := string('0' + rune(f))
		add("name", kind, last, initial(t.first), text)
		add("name", kind, first, initial(t.last), text)
	}
	return keys
}

func initial(word []byte) []byte {
	if len(word) == 0 {
		return nil
	}
	return sound(nil, word[:1])
}
