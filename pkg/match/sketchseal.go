package match

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/subtle"
)

// A sealed sketch is
//
//	version | tag, 8 bytes | the sketch, enciphered
//
// The tag is the MAC of the sketch and starts the cipher's counter (as SIV does): a sketch
// always seals alike, two that differ have nothing in common, and one that was made under
// another key or damaged is recognised. Without this, filters of one name would be equal,
// and the most frequent ones could be guessed by counting (Christen et al. 2018).
const (
	sealVersion = 1
	tagBytes    = 8
	sealHead    = 1 + tagBytes
)

// seal a sketch.
func (e *Encoder) seal(sketch []byte) []byte {
	out := make([]byte, sealHead+len(sketch))
	out[0] = sealVersion
	e.tag(out[1:sealHead], sketch)
	e.stream(out[1:sealHead], out[sealHead:], sketch)
	return out
}

// unseal appends the sketch to dst; false: it was not sealed under this key.
func (e *Encoder) unseal(dst, sealed []byte) ([]byte, bool) {
	if len(sealed) < sealHead || len(sealed) > MaxSketch || sealed[0] != sealVersion {
		return nil, false
	}
	dst = append(dst, sealed[sealHead:]...)
	e.stream(sealed[1:sealHead], dst, dst)
	var tag [tagBytes]byte
	e.tag(tag[:], dst)
	return dst, subtle.ConstantTimeCompare(tag[:], sealed[1:sealHead]) == 1
}

// tag of a sketch.
func (e *Encoder) tag(dst, sketch []byte) {
	var sum [sha256.Size]byte
	e.mac(&sum, "sketch", sketch)
	copy(dst, sum[:tagBytes])
}

// stream enciphers or deciphers src: counter mode, with the tag as its nonce.
func (e *Encoder) stream(tag, dst, src []byte) {
	var iv [aes.BlockSize]byte
	copy(iv[:], tag)
	cipher.NewCTR(e.seals, iv[:]).XORKeyStream(dst, src)
}
