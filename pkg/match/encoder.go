package match

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"sync"
)

// digestBytes of a keyed digest are kept: 64 bits, so that a ledger of a million persons has
// no chance meeting to speak of.
const digestBytes = 8

// Encoder turns persons into prints under a secret key. It is safe for concurrent use.
type Encoder struct {
	macs  sync.Pool    // of hash.Hash: HMAC-SHA256 under the key
	grams cipher.Block // the keyed function that sets the bits of a sketch
}

// NewEncoder makes an encoder; key is secret, of any length. Prints made with different keys
// have nothing to do with each other.
func NewEncoder(key []byte) *Encoder {
	key = append([]byte(nil), key...)
	e := &Encoder{}
	e.macs.New = func() any { return hmac.New(sha256.New, key) }
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte("leadrouter: sketch"))
	block, err := aes.NewCipher(h.Sum(nil))
	if err != nil {
		panic(err) // the key of 32 bytes was made here
	}
	e.grams = block
	return e
}

// Digest of a text under the key: 11 characters of base64url. The same text of another kind
// has another digest.
func (e *Encoder) Digest(kind, text string) string {
	return e.digest([]byte(kind), []byte(text))
}

func (e *Encoder) digest(kind []byte, text []byte) string {
	h := e.macs.Get().(hash.Hash)
	defer e.macs.Put(h)
	h.Reset()
	_, _ = h.Write(kind)
	_, _ = h.Write([]byte{0})
	_, _ = h.Write(text)
	var sum [sha256.Size]byte
	return base64.RawURLEncoding.EncodeToString(h.Sum(sum[:0])[:digestBytes])
}

// Encode a person. The same person gives the same print, whatever else there is.
func (e *Encoder) Encode(p Person) Print {
	t := textsOf(&p)
	return Print{Keys: e.keys(t), Sketch: e.sketch(t)}
}
