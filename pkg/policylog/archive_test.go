package policylog_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/event"
	"leadrouter/pkg/policylog"
)

// folders are files of any name and content, some of them alike.
func folders() *rapid.Generator[map[string][]byte] {
	content := rapid.OneOf(rapid.SliceOfN(rapid.Byte(), 0, 40), rapid.Just([]byte("the same table")))
	return rapid.MapOfN(rapid.StringN(1, 12, -1), content, 0, 6)
}

func publication(number int, files map[string][]byte) event.Publication {
	return event.Publication{Number: number, Hash: fmt.Sprintf("hash-%d", number), Name: "p", Engine: 1, By: "dana", Files: policylog.Describe(files)}
}

func archiveOf(p event.Publication, records []policylog.Record) *policylog.Archive {
	archive := policylog.NewArchive(policylog.Hashes(p)...)
	for _, r := range records {
		archive.Add(r.Key, r.Data)
	}
	return archive
}

func isPart(r policylog.Record) bool { return strings.Count(r.Key, "/") == 2 }

func TestAnyFolderSurvives(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		files := folders().Draw(t, "files")
		p := publication(1, files)
		records := policylog.Records(p, files, policylog.NewArchive(), rapid.IntRange(1, 50).Draw(t, "size"))
		again := rapid.SliceOfN(rapid.SampledFrom(records), 0, 9).Draw(t, "again")
		order := rapid.Permutation(slices.Concat(records, again)).Draw(t, "order")

		archive := archiveOf(p, order)
		got, err := archive.Files(p)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(files, got, cmp.Transformer("text", func(b []byte) string { return string(b) })))
		active, err := archive.Active()
		require.NoError(t, err)
		p.Active = true
		require.Equal(t, p, active)
		require.Equal(t, []event.Publication{p}, archive.History())
	})
}

func TestAMissingPartIsNoticed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		files := folders().Filter(func(f map[string][]byte) bool { return len(f) > 0 }).Draw(t, "files")
		p := publication(1, files)
		records := policylog.Records(p, files, policylog.NewArchive(), rapid.IntRange(1, 20).Draw(t, "size"))
		parts := len(records) - 2
		require.True(t, isPart(records[parts-1]) && !isPart(records[parts]), "parts come first")
		gone := rapid.IntRange(0, parts-1).Draw(t, "gone")
		if rapid.Bool().Draw(t, "tombstone") {
			records[gone].Data = nil
		} else {
			records = slices.Delete(records, gone, gone+1)
		}
		_, err := archiveOf(p, records).Files(p)
		require.ErrorIs(t, err, policylog.ErrIncomplete)
	})
}

// Whatever byte of whatever record changes: either the archive says that something is
// wrong, or what it gives is what was published.
func TestAChangedByteIsNoticed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		files := folders().Filter(func(f map[string][]byte) bool { return len(f) > 0 }).Draw(t, "files")
		p := publication(1, files)
		records := policylog.Records(p, files, policylog.NewArchive(), rapid.IntRange(1, 20).Draw(t, "size"))
		i := rapid.IntRange(0, len(records)-3).Draw(t, "record")
		at := rapid.IntRange(0, len(records[i].Data)-1).Draw(t, "byte")
		records[i].Data = slices.Clone(records[i].Data)
		records[i].Data[at] ^= rapid.ByteRange(1, 255).Draw(t, "flip")
		got, err := archiveOf(p, records).Files(p)
		if err == nil {
			require.True(t, maps.EqualFunc(files, got, slices.Equal), "silently another policy")
		}
	})
}

// Swapped contents have the right lengths and keys, and are told by their hash.
func TestAnotherContentIsDamage(t *testing.T) {
	t.Parallel()
	files := map[string][]byte{"a.yaml": []byte("one")}
	p := publication(1, files)
	records := policylog.Records(p, files, policylog.NewArchive(), 9)
	records[0].Data = []byte(strings.Replace(string(records[0].Data), `"b25l"`, `"dHdv"`, 1))
	_, err := archiveOf(p, records).Files(p)
	require.ErrorIs(t, err, policylog.ErrDamaged)
	require.ErrorContains(t, err, "publication 1, a.yaml")

	p.Files[0].Size++
	records = policylog.Records(publication(1, files), files, policylog.NewArchive(), 9)
	_, err = archiveOf(p, records).Files(p)
	require.ErrorIs(t, err, policylog.ErrDamaged)
}

// Programs of different versions may cut files differently; parts of one cut are
// never taken for those of another.
func TestCutsDoNotMix(t *testing.T) {
	t.Parallel()
	files := map[string][]byte{"a.yaml": []byte("twelve bytes")}
	p := publication(1, files)
	fine, coarse := policylog.Records(p, files, policylog.NewArchive(), 3), policylog.Records(p, files, policylog.NewArchive(), 6)
	require.Len(t, fine, 4+2)
	require.Len(t, coarse, 2+2)

	_, err := archiveOf(p, slices.Concat(fine[:3], coarse[1:])).Files(p)
	require.ErrorIs(t, err, policylog.ErrIncomplete, "neither is whole")
	got, err := archiveOf(p, slices.Concat(fine[:3], coarse)).Files(p)
	require.NoError(t, err)
	require.Equal(t, files, got)
}

// Any sequence of publications, kept by a compacted topic: the last record of each
// key. Nothing of the history is lost, and every policy can still be read.
func TestCompactionTakesNothingAway(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var published []map[string][]byte
		var log []policylog.Record
		wanted := map[string]bool{}
		for range rapid.IntRange(1, 6).Draw(t, "publications") {
			files := folders().Draw(t, "files")
			if len(published) > 0 && rapid.Bool().Draw(t, "rollback") {
				files = rapid.SampledFrom(published).Draw(t, "to")
			}
			published = append(published, files)
			p := publication(len(published), files)
			for _, hash := range policylog.Hashes(p) {
				wanted[hash] = true
			}
			log = append(log, policylog.Records(p, files, archiveOf(p, log), 8)...)
		}
		last := map[string]policylog.Record{}
		for _, r := range log {
			_, twice := last[r.Key]
			require.True(t, !twice || r.Key == "active", "%s is written twice", r.Key)
			last[r.Key] = r
		}
		archive := policylog.NewArchive(slices.Collect(maps.Keys(wanted))...)
		for _, r := range last {
			archive.Add(r.Key, r.Data)
		}
		history := archive.History()
		require.Len(t, history, len(published))
		for i, p := range history {
			require.Equal(t, len(published)-i, p.Number, "newest first")
			require.Equal(t, i == 0, p.Active)
			got, err := archive.Files(p)
			require.NoError(t, err)
			require.True(t, maps.EqualFunc(published[p.Number-1], got, slices.Equal))
		}
	})
}

func TestWhatCannotBeReadCountsAsNotThere(t *testing.T) {
	t.Parallel()
	archive := policylog.NewArchive("abc")
	_, err := archive.Active()
	require.ErrorIs(t, err, policylog.ErrNone)
	require.Empty(t, archive.History())

	for key, data := range map[string]string{
		"":              `{}`,
		"publication/1": `{"number":2,"hash":"h"}`,
		"publication/2": `{"number":2}`,
		"publication/x": `jo`,
		"abc/0/1":       `{"hash":"abc","part":0,"parts":2,"content":""}`,
		"abc/1/2":       `nothing`,
		"other/0/1":     `{"hash":"other","part":0,"parts":1,"content":""}`,
	} {
		archive.Add(key, []byte(data))
	}
	require.Empty(t, archive.History())
	_, err = archive.File("abc")
	require.ErrorIs(t, err, policylog.ErrIncomplete)
	_, err = archive.File("other")
	require.ErrorIs(t, err, policylog.ErrIncomplete, "it was not asked for")

	archive.Add("active", []byte(`{"number":0,"hash":"h"}`))
	_, err = archive.Active()
	require.ErrorIs(t, err, policylog.ErrDamaged)
	archive.Add("active", []byte(`{"number":1,"hash":"h"}`))
	active, err := archive.Active()
	require.NoError(t, err)
	require.Equal(t, 1, active.Number)
	archive.Add("active", nil)
	_, err = archive.Active()
	require.ErrorIs(t, err, policylog.ErrNone, "taken away by hand")
}

func FuzzAdd(f *testing.F) {
	f.Add("active", []byte(`{"number":1,"hash":"h","files":[{"name":"a","hash":"x","size":0}]}`))
	f.Add("x/0/1", []byte(`{"hash":"x","part":0,"parts":1000000000,"content":"AA=="}`))
	f.Add("publication/1", []byte(`{"number":1,"hash":"h"}`))
	f.Fuzz(func(t *testing.T, key string, data []byte) {
		archive := policylog.NewArchive("x")
		archive.Add(key, data)
		if p, err := archive.Active(); err == nil {
			if files, err := archive.Files(p); err == nil && len(files) > 0 && len(p.Files) == 0 {
				t.Fatal("files from nowhere")
			}
		}
		for _, p := range archive.History() {
			if p.Number < 1 || p.Hash == "" {
				t.Fatalf("publication %+v", p)
			}
		}
	})
}
