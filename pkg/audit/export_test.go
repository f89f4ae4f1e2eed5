package audit

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"leadrouter/pkg/kstream"
)

// Repacked is a snapshot as it is written and read again.
func (s Snapshot) Repacked() (Snapshot, error) {
	packed, err := s.pack()
	if err != nil {
		return s, err
	}
	read := Snapshot{Snapshot: s.Snapshot}
	return read, read.unpack(packed)
}

// Records are those that a snapshot is written as.
func (s Snapshot) Records(instance string, at time.Time) ([]*kstream.Record, error) {
	packed, err := s.pack()
	if err != nil {
		return nil, err
	}
	return NewSnapshots(kstream.Client{}, instance).records(s, packed, nil, at)
}

// Packed is a content as it is in the parts of a snapshot.
func Packed(content []byte) []byte {
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	_, _ = zip.Write(content) // a buffer takes all
	_ = zip.Close()
	return packed.Bytes()
}

// Unpacked reads the packed content of a snapshot that has its digest.
func Unpacked(packed []byte) (Snapshot, error) {
	sum := sha256.Sum256(packed)
	var s Snapshot
	s.Digest = hex.EncodeToString(sum[:])
	err := s.unpack(packed)
	return s, err
}
