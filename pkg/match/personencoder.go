package match

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"slices"
	"sync"
)

// digestBytes of a keyed digest are kept: 64 bits, so that among a million persons no two
// meet by chance.
const digestBytes = 8

// Encoder turns persons into prints under a secret key. It is safe for concurrent use.
type Encoder struct {
	macs  sync.Pool    // of *mac
	grams *gramTable   // where the bits of a filter are
	seals cipher.Block // the cipher over a sketch
}

// mac is HMAC-SHA256 under the encoder's key, with room for what goes in and out.
type mac struct {
	hash hash.Hash
	text []byte
	sum  []byte
}

// NewEncoder makes an encoder. The key is secret and may have any length; 32 random bytes are
// as good as it gets. Prints made under different keys have nothing to do with each other:
// with another key nobody is recognised who was here before.
func NewEncoder(key []byte) *Encoder {
	key = slices.Clone(key)
	e := &Encoder{}
	e.macs.New = func() any { return &mac{hash: hmac.New(sha256.New, key)} }
	e.grams, e.seals = newGramTable(e.cipher("grams")), e.cipher("seal")
	return e
}

// cipher under a key of its own, derived from the encoder's.
func (e *Encoder) cipher(purpose string) cipher.Block {
	m := e.sum("cipher", []byte(purpose))
	defer e.macs.Put(m)
	block, err := aes.NewCipher(m.sum)
	if err != nil {
		panic(err) // of a key that is not 32 bytes
	}
	return block
}

// Digest of a text under the key, for looking up what is equal: 11 characters of base64url.
// The same text of another kind has another digest.
func (e *Encoder) Digest(kind, text string) string {
	return e.digest(kind, []byte(text))
}

func (e *Encoder) digest(kind string, parts ...[]byte) string {
	m := e.sum(kind, parts...)
	defer e.macs.Put(m)
	return base64.RawURLEncoding.EncodeToString(m.sum[:digestBytes])
}

// sum of parts, none of which holds a zero byte unless it is the last. The caller puts the
// mac back.
func (e *Encoder) sum(kind string, parts ...[]byte) *mac {
	m := e.macs.Get().(*mac)
	m.text = append(m.text[:0], kind...)
	for _, p := range parts {
		m.text = append(append(m.text, 0), p...)
	}
	m.hash.Reset()
	_, _ = m.hash.Write(m.text)
	m.sum = m.hash.Sum(m.sum[:0])
	return m
}

// Encode a person. Equal persons give equal prints; one of whom nothing is known has no keys.
func (e *Encoder) Encode(p Person) Print {
	t := textsOf(&p)
	return Print{Keys: e.keys(t), Sketch: e.seal(e.sketch(t))}
}
