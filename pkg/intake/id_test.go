package intake_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/intake"
)

// The id of a row is that of its content: not of the order of columns, of quotes,
// of line ends, of the delimiter, of the map, nor of the file's name.
func TestDerivedIDs(t *testing.T) {
	t.Parallel()
	id := func(name, content, yaml string) string {
		return one(t, name, content, intake.Config{Map: mapOf(t, yaml)}).Lead.ID
	}
	want := id("a.csv", "country,email,odd\nDE,a@x.example,\n", "")
	require.Regexp(t, `^L-[0-9a-f]{20}$`, want)
	for _, same := range []string{
		id("b.csv", "email,odd,country\na@x.example,,DE\n", ""),
		id("b.csv", "country;email;odd\r\n\"DE\";a@x.example;\r\n", ""),
		id("b.csv", "country,email\nDE, a@x.example \n", ""),
		id("b.csv", "country,email,odd\nDE,a@x.example,\n", "columns: {country: region}\nconstants: {bulk: true}"),
	} {
		require.Equal(t, want, same)
	}
	for _, other := range []string{
		id("a.csv", "country,email,odd\nDE,b@x.example,\n", ""),
		id("a.csv", "country,email,odd\nDE,a@x.example,x\n", ""),
		id("a.csv", "region,email\nDE,a@x.example\n", ""),
	} {
		require.NotEqual(t, want, other)
	}
	require.Equal(t, id("a.jsonl", `{"country":"DE","email":"a@x.example"}`, ""), id("a.jsonl", `{ "email": "a@x.example", "country": "DE" }`, ""))
	require.NotEqual(t, id("a.csv", "ab,c\nx,y\n", ""), id("a.csv", "a,bc\nx,y\n", ""))
}

func TestGivenIDsWin(t *testing.T) {
	t.Parallel()
	all := read(t, "a.csv", "id,country\nL-1,DE\n,DE\nL 3,DE\n", intake.Config{})
	require.Equal(t, "L-1", all[0].Lead.ID)
	require.Regexp(t, `^L-[0-9a-f]{20}$`, all[1].Lead.ID, "an empty cell is none")
	require.EqualError(t, all[2].Err, "a.csv:4: id: holds a space or a control character")
}

func TestBulk(t *testing.T) {
	t.Parallel()
	plain := one(t, "a.csv", "country\nDE\n", intake.Config{})
	bulk := one(t, "a.csv", "country\nDE\n", intake.Config{Bulk: true})
	require.True(t, bulk.Lead.Bulk)
	require.Equal(t, plain.Lead.ID, bulk.Lead.ID)
}

// What is set aside is the file's own bytes; mended, it is a file to publish.
func TestRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const header, good = "id,deal value\r\n", "1,5\r\n"
	const bad = "2,\"12,5k\"\r\n3,\"a\r\nb\"\r\n"
	r, err := intake.NewReader(strings.NewReader("\ufeff"+header+good+bad+"4,x"), "leads.csv", intake.Config{})
	require.NoError(t, err)
	refused := intake.NewRefused(r, filepath.Join(dir, "leads.csv.gz"))
	require.Equal(t, filepath.Join(dir, "leads.refused.csv"), refused.Name())
	for _, rec := range drain(t, r) {
		if rec.Err != nil {
			require.NoError(t, refused.Add(rec))
		}
	}
	require.NoError(t, refused.Close())
	require.Equal(t, 3, refused.Count())

	rows, err := os.ReadFile(refused.Name())
	require.NoError(t, err)
	require.Equal(t, header+bad+"4,x\n", string(rows))
	reasons, err := os.ReadFile(refused.Reasons())
	require.NoError(t, err)
	require.Equal(t, "leads.csv:3: deal_value \"12,5k\" is not a number\nleads.csv:4: deal_value \"a\\r\\nb\" is not a number\nleads.csv:6: deal_value \"x\" is not a number\n", string(reasons))
	info, err := os.Stat(refused.Name())
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "leads are personal data")

	mended := strings.NewReplacer("12,5k", "12500", "a\r\nb", "7", "x", "8").Replace(string(rows))
	for _, rec := range read(t, "leads.refused.csv", mended, intake.Config{}) {
		require.NoError(t, rec.Err)
	}
}

func TestRefusedWritesOverNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r, err := intake.NewReader(strings.NewReader("id\n"), "leads.csv", intake.Config{})
	require.NoError(t, err)
	rec := intake.Record{Raw: []byte("x\n"), Err: os.ErrInvalid}
	var names []string
	for range 3 {
		refused := intake.NewRefused(r, filepath.Join(dir, "leads.csv"))
		require.NoError(t, refused.Close(), "nothing was refused")
		require.NoError(t, refused.Add(rec))
		require.NoError(t, refused.Close())
		names = append(names, filepath.Base(refused.Name()))
	}
	require.Equal(t, []string{"leads.refused.csv", "leads.refused-2.csv", "leads.refused-3.csv"}, names)

	refused := intake.NewRefused(r, filepath.Join(dir, "nowhere", "leads.csv"))
	require.ErrorContains(t, refused.Add(rec), "set aside")
}
