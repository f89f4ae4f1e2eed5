package policylog

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"leadrouter/pkg/event"
)

// Keys of records.
const (
	activeKey         = "active"
	publicationPrefix = "publication/"
)

func publicationKey(number int) string { return fmt.Sprint(publicationPrefix, number) }

func isPublication(key string) bool { return strings.HasPrefix(key, publicationPrefix) }

func partKey(p event.FilePart) string { return fmt.Sprintf("%s/%d/%d", p.Hash, p.Part, p.Parts) }

// hashOf is the hash of the file that the key of a part names.
func hashOf(key string) string {
	hash, _, _ := strings.Cut(key, "/")
	return hash
}

// partBytes of a file make a record of two thirds of what brokers take by default,
// once they are written as base64.
const partBytes = 512 << 10

// fingerprint is the SHA-256 of a file, as it is written in keys and publications.
func fingerprint(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// describe lists files for a publication.
func describe(files map[string][]byte) []event.PublishedFile {
	list := make([]event.PublishedFile, 0, len(files))
	for _, name := range slices.Sorted(maps.Keys(files)) {
		list = append(list, event.PublishedFile{Name: name, Hash: fingerprint(files[name]), Size: int64(len(files[name]))})
	}
	return list
}

// cut divides a file into parts; an empty one has one part, too.
func cut(data []byte, size int) []event.FilePart {
	hash, parts := fingerprint(data), max(1, (len(data)+size-1)/size)
	list := make([]event.FilePart, parts)
	for i := range list {
		from := i * size
		list[i] = event.FilePart{Hash: hash, Part: i, Parts: parts, Content: data[from:min(from+size, len(data))]}
	}
	return list
}

// entry is a record to be written. Its event's id derives from cause.
type entry struct {
	key, cause string
	data       any
}

// entries are the records of a publication in the order in which they are written:
// the parts, of at most size bytes, of files that the topic lacks; the publication;
// the pointer.
func entries(p event.Publication, files map[string][]byte, there *Archive, size int) []entry {
	var list []entry
	written := map[string]bool{}
	for _, f := range p.Files {
		if _, err := there.File(f.Hash); err == nil || written[f.Hash] {
			continue
		}
		written[f.Hash] = true
		for _, part := range cut(files[f.Name], size) {
			key := partKey(part)
			list = append(list, entry{key, key, part})
		}
	}
	key := publicationKey(p.Number)
	list = append(list, entry{key, key, p})
	p.Active = true
	return append(list, entry{activeKey, key + " " + activeKey, p})
}
