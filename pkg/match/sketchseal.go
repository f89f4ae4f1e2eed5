package match

import (
	"crypto/aes"
	"crypto/subtle"
)

// A sealed sketch is
//
//	version | tag, 8 bytes | the sketch, enciphered
//
// The tag is the MAC of the sketch and starts the cipher's counter (as SIV does): a sketch
// always seals alike, two that differ have nothing in common, and one that was made under
// another key or damaged is recognised. Without this, filters of one name would be equal,
// and the most frequent ones could be guessed by counting (Christen et al. 2017).
const (
	sealVersion = 1
	tagBytes    = 8
	sealHead    = 1 + tagBytes
)

// seal a sketch.
func (e *Encoder) seal(sketch []byte) []byte {
	out := make([]byte, sealHead, sealHead+len(sketch))
	out[0] = sealVersion
	e.tag(out[1:sealHead], sketch)
	out = append(out, sketch...)
	e.mask(out[1:sealHead], out[sealHead:])
	return out
}

// unseal appends the sketch to dst; false: it was not sealed under this key.
func (e *Encoder) unseal(dst, sealed []byte) ([]byte, bool) {
	if len(sealed) < sealHead || len(sealed) > MaxSketch || sealed[0] != sealVersion {
		return nil, false
	}
	dst = append(dst, sealed[sealHead:]...)
	e.mask(sealed[1:sealHead], dst)
	var tag [tagBytes]byte
	e.tag(tag[:], dst)
	return dst, subtle.ConstantTimeCompare(tag[:], sealed[1:sealHead]) == 1
}

// tag of a sketch.
func (e *Encoder) tag(dst, sketch []byte) {
	m := e.sum("sketch", sketch)
	defer e.macs.Put(m)
	copy(dst, m.sum)
}

// mask enciphers or deciphers text: counter mode, the tag being its nonce.
func (e *Encoder) mask(tag, text []byte) {
	blocks := make([]byte, 2*aes.BlockSize)
	counter, stream := blocks[:aes.BlockSize], blocks[aes.BlockSize:]
	copy(counter, tag)
	for ; len(text) > 0; text = text[min(len(text), aes.BlockSize):] {
		e.seals.Encrypt(stream, counter)
		subtle.XORBytes(text, text[:min(len(text), aes.BlockSize)], stream)
		counter[aes.BlockSize-1]++ // a sketch has fewer than 256 blocks
	}
}
