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
	macs  sync.Pool    // of hash.Hash: HMAC-SHA256 under the key
	grams cipher.Block // the keyed function that sets the bits of a filter
	seals cipher.Block // the cipher over a sketch
}

// NewEncoder makes an encoder. The key is secret and may have any length; 32 random bytes are
// as good as it gets. Prints made under different keys have nothing to do with each other:
// with another key nobody is recognised who was here before.
func NewEncoder(key []byte) *Encoder {
	key = slices.Clone(key)
	e := &Encoder{}
	e.macs.New = func() any { return hmac.New(sha256.New, key) }
	e.grams, e.seals = e.cipher("grams"), e.cipher("seal")
	return e
}

// cipher under a key of its own, derived from the encoder's.
func (e *Encoder) cipher(purpose string) cipher.Block {
	var key [sha256.Size]byte
	e.mac(&key, "cipher", []byte(purpose))
	block, err := aes.NewCipher(key[:])
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
	var sum [sha256.Size]byte
	e.mac(&sum, kind, parts...)
	return base64.RawURLEncoding.EncodeToString(sum[:digestBytes])
}

// mac of parts, none of which holds a zero byte unless it is the last.
func (e *Encoder) mac(sum *[sha256.Size]byte, kind string, parts ...[]byte) {
	h := e.macs.Get().(hash.Hash)
	defer e.macs.Put(h)
	h.Reset()
	buf := append(make([]byte, 0, 2*maxText), kind...)
	for _, p := range parts {
		buf = append(append(buf, 0), p...)
	}
	_, _ = h.Write(buf)
	h.Sum(sum[:0])
}

// Encode a person. Equal persons give equal prints; one of whom nothing is known has no keys.
func (e *Encoder) Encode(p Person) Print {
	t := textsOf(&p)
	return Print{Keys: e.keys(t), Sketch: e.seal(e.sketch(t))}
}
