package policylog

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"leadrouter/pkg/event"
)

// Errors of an archive, wrapped with what they are about.
var (
	// ErrNone says that nothing was ever published.
	ErrNone = errors.New("nothing was ever published")
	// ErrIncomplete says that a part of a file is not there.
	ErrIncomplete = errors.New("a part is missing")
	// ErrDamaged says that the bytes are not those that were published.
	ErrDamaged = errors.New("not what was published")
)

// Archive is what the topic says so far: all publications, and the files that were
// asked for.
type Archive struct {
	publications map[string]event.Publication // by key
	active       []byte                       // data under the active key
	files        map[string]pieces            // by hash; those that are wanted
}

// pieces are the parts of a file by key: cuts into another number of parts do not mix.
type pieces map[string]event.FilePart

// NewArchive keeps the files with these hashes; others would only take memory.
func NewArchive(hashes ...string) *Archive {
	a := &Archive{publications: map[string]event.Publication{}, files: map[string]pieces{}}
	for _, hash := range hashes {
		a.files[hash] = pieces{}
	}
	return a
}

// Add takes a record's key and data; nil data is a tombstone. What cannot be read
// counts as not there: the archive says so when it is asked for it.
func (a *Archive) Add(key string, data []byte) {
	switch {
	case key == activeKey:
		a.active = data
	case isPublication(key):
		p, err := decodePublication(data)
		if err != nil || publicationKey(p.Number) != key {
			delete(a.publications, key)
			return
		}
		a.publications[key] = p
	default:
		a.addPart(key, data)
	}
}

func (a *Archive) addPart(key string, data []byte) {
	file, wanted := a.files[hashOf(key)]
	if !wanted {
		return
	}
	var part event.FilePart
	if json.Unmarshal(data, &part) != nil || partKey(part) != key {
		delete(file, key)
		return
	}
	file[key] = part
}

// Active is the publication that is in force. The error is [ErrNone], or
// [ErrDamaged] when the pointer cannot be read.
func (a *Archive) Active() (event.Publication, error) {
	if len(a.active) == 0 {
		return event.Publication{}, ErrNone
	}
	p, err := decodePublication(a.active)
	if err != nil {
		return event.Publication{}, fmt.Errorf("active policy: %w", err)
	}
	return p, nil
}

// History is every publication, the newest first; the one in force is marked active.
func (a *Archive) History() []event.Publication {
	list := slices.SortedFunc(maps.Values(a.publications), func(p, q event.Publication) int {
		return cmp.Compare(q.Number, p.Number)
	})
	active, err := a.Active()
	for i := range list {
		list[i].Active = err == nil && list[i].Number == active.Number
	}
	return list
}

// File gives the content that has a wanted hash, or [ErrIncomplete] or [ErrDamaged].
func (a *Archive) File(hash string) ([]byte, error) {
	err := ErrIncomplete
	for _, first := range a.files[hash] {
		if first.Part != 0 {
			continue // of each cut, the first part stands for the others
		}
		data, wrong := a.files[hash].join(first)
		if wrong == nil && fingerprint(data) == hash {
			return data, nil
		}
		err = cmp.Or(wrong, ErrDamaged)
	}
	return nil, fmt.Errorf("file %.12s: %w", hash, err)
}

// join puts the parts together that belong to one cut, given its first part.
func (p pieces) join(part event.FilePart) ([]byte, error) {
	var whole bytes.Buffer
	for i := range part.Parts {
		part.Part = i
		next, ok := p[partKey(part)]
		if !ok {
			return nil, fmt.Errorf("%w: %d of %d", ErrIncomplete, i+1, part.Parts)
		}
		whole.Write(next.Content)
	}
	return whole.Bytes(), nil
}

// Files are the files of a publication by name. All are there and as published, or
// the error tells which is not.
func (a *Archive) Files(p event.Publication) (map[string][]byte, error) {
	files := make(map[string][]byte, len(p.Files))
	for _, f := range p.Files {
		data, err := a.File(f.Hash)
		if err == nil && int64(len(data)) != f.Size {
			err = fmt.Errorf("%d bytes, not %d: %w", len(data), f.Size, ErrDamaged)
		}
		if err != nil {
			return nil, fmt.Errorf("publication %d, %s: %w", p.Number, f.Name, err)
		}
		files[f.Name] = data
	}
	return files, nil
}

// Hashes are those of the files of a publication: what [NewArchive] has to keep.
func Hashes(p event.Publication) []string {
	hashes := make([]string, len(p.Files))
	for i, f := range p.Files {
		hashes[i] = f.Hash
	}
	return hashes
}

func decodePublication(data []byte) (event.Publication, error) {
	var p event.Publication
	if err := json.Unmarshal(data, &p); err != nil {
		return p, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if p.Number < 1 || p.Hash == "" {
		return p, fmt.Errorf("%w: it has no number or no hash", ErrDamaged)
	}
	return p, nil
}
