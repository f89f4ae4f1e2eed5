package intake_test

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/intake"
)

func TestWellKnownHeaders(t *testing.T) {
	t.Parallel()
	rec := one(t, "leads.csv", "Lead ID,E-Mail,First Name,Last Name,Job Title,Company,Website,Number of Employees,Country/Region,ZIP Code,Lead Source,Deal Value,Currency,Tags,Created Date,Favourite Colour,Seats\n"+
		`L-1,ana@acme.example,Ana,Silva,CTO,"Acme, Inc.",https://www.Acme.example/about,"1,200",Deutschland,01067,Demo Request,"12,500",EUR,vip; hot,2026-11-24,blue,40`+"\n", intake.Config{})
	require.JSONEq(t, `{
		"id": "L-1", "email": "ana@acme.example", "first_name": "Ana", "last_name": "Silva", "job_title": "CTO",
		"company": {"name": "Acme, Inc.", "domain": "acme.example", "employees": 1200},
		"country": "DE", "postal_code": "01067", "source": "demo_request",
		"deal_value": 12500, "currency": "EUR", "tags": ["vip", "hot"], "created_at": "2026-11-24T00:00:00Z",
		"attributes": {"favourite_colour": "blue", "seats": 40}
	}`, string(rec.Data))
	require.Equal(t, "L-1", rec.Lead.ID)
	require.Equal(t, 2, rec.Line)
}

func TestSpellingsOfCSV(t *testing.T) {
	t.Parallel()
	const want = `{"id":"1","first_name":"A \"B\"","last_name":"x\ny"}`
	for name, content := range map[string]string{
		"commas":         "id,first name,last name\n1,\"A \"\"B\"\"\",\"x\ny\"\n",
		"semicolons":     "id;first name;last name\n1;\"A \"\"B\"\"\";\"x\ny\"\n",
		"tabs":           "id\tfirst name\tlast name\n1\t\"A \"\"B\"\"\"\t\"x\ny\"\n",
		"pipes":          "id|first name|last name\n1|\"A \"\"B\"\"\"|\"x\ny\"\n",
		"crlf":           "id,first name,last name\r\n1,\"A \"\"B\"\"\",\"x\ny\"\r\n",
		"byte order":     "\ufeffid,first name,last name\n1,\"A \"\"B\"\"\",\"x\ny\"\n",
		"no last end":    "id,first name,last name\n1,\"A \"\"B\"\"\",\"x\ny\"",
		"blank lines":    "\n\nid,first name,last name\n\n1,\"A \"\"B\"\"\",\"x\ny\"\n\n  \n",
		"empty cells":    "id,first name,last name\n1,\"A \"\"B\"\"\",\"x\ny\"\n,,\n\"\",,\n",
		"quoted header":  "\"id\",\"first name\",\"last name\"\n1,\"A \"\"B\"\"\",\"x\ny\"\n",
		"quote inside":   "id,first name,last name\n1,A \"B\",\"x\ny\"\n",
		"other spelling": "ID,FIRST_NAME,Last-Name\n1,\"A \"\"B\"\"\",\"x\ny\"\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.JSONEq(t, want, string(one(t, "leads.csv", content, intake.Config{}).Data))
		})
	}
}

func TestBadRowCostsNothingButItself(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ row, why string }{
		"open quote":  {"2,\"Bo\n", "a quote is opened and not closed"},
		"after quote": {"2,\"B\"o\n", "a quote is closed in the middle of a cell"},
		"too long":    {"2," + strings.Repeat("x", 300) + "\n", "longer than 200 bytes"},
		"too few":     {"2\n", "1 cells under 2 columns"},
		"too many":    {"2,Bo,3\n", "3 cells under 2 columns"},
		"not utf-8":   {"2,B\xf6\n", "first name is not UTF-8; say encoding: windows-1252"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := read(t, "leads.csv", "id,first name\n1,Ana\n"+tc.row+"3,Cy\n4,Di\n", intake.Config{MaxRow: 200})
			require.Len(t, all, 4)
			for i, want := range []string{"1", "", "3", "4"} {
				require.Equal(t, want, all[i].Lead.ID)
			}
			require.ErrorContains(t, all[1].Err, "leads.csv:3: ")
			require.ErrorContains(t, all[1].Err, tc.why)
			require.True(t, strings.HasPrefix(tc.row, string(all[1].Raw[:min(len(all[1].Raw), 200)])))
			require.Equal(t, 5, all[3].Line)
		})
	}
}

// Rows of many lines keep the count of lines right.
func TestLineNumbersAfterQuotedLines(t *testing.T) {
	t.Parallel()
	all := read(t, "leads.csv", "id,use case\n1,\"a\nb\nc\"\n2,x\n", intake.Config{})
	require.Len(t, all, 2)
	require.Equal(t, 2, all[0].Line)
	require.Equal(t, "1,\"a\nb\nc\"\n", string(all[0].Raw))
	require.Equal(t, 5, all[1].Line)
}

// A stray quote at the start of a file must not make reading quadratic.
func TestStrayQuotesStayCheap(t *testing.T) {
	t.Parallel()
	rows := "id,x\n" + strings.Repeat("\",\"\n", 30_000) + "\"" + strings.Repeat("\n", 200_000)
	require.NotEmpty(t, read(t, "leads.csv", rows, intake.Config{}))
}

func TestPackedFile(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write([]byte("id,country\n1,Spain\n"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.JSONEq(t, `{"id":"1","country":"ES"}`, string(one(t, "leads.csv.gz", packed.String(), intake.Config{}).Data))

	cut := packed.Bytes()[:packed.Len()-9]
	r, err := intake.NewReader(bytes.NewReader(cut), "leads.csv.gz", intake.Config{})
	if err == nil {
		for err == nil {
			_, err = r.Next()
		}
	}
	require.ErrorContains(t, err, "leads.csv.gz: unexpected EOF", "a cut file must not pass for a whole one")
}

func TestFilesRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ content, yaml, why string }{
		"empty":          {"", "", "the file is empty; its first line has to name the columns"},
		"utf-16":         {"\xff\xfei\x00d\x00", "", "the file is UTF-16; save it as CSV UTF-8"},
		"binary":         {"id\x00\x01\x02", "", "the file is not text: it is binary, or UTF-16; save it as CSV UTF-8"},
		"old mac":        {"id,name\r1,Ana\r", "", "lines end in a lone CR"},
		"header quote":   {"\"id,name\n", "", "header: a quote is opened and not closed"},
		"missing column": {"id,name\n", "columns: {Land: country}", `the map names a column "Land", which is not there`},
		"missing ignore": {"id,name\n", "ignore: [Won]", `the map names a column "Won", which is not there`},
		"twice":          {"id,Name,name\n", "columns: {Name: last_name}", `there are two columns "Name"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := intake.NewReader(strings.NewReader(tc.content), "leads.csv", intake.Config{Map: mapOf(t, tc.yaml)})
			require.ErrorContains(t, err, "read leads.csv: ")
			require.ErrorContains(t, err, tc.why)
		})
	}
}

func TestUnnamedAndRepeatedColumns(t *testing.T) {
	t.Parallel()
	rec := one(t, "leads.csv", "id,Phone,Mobile,,Größe (m²),1st choice,a b,a-b\n1,+1,+2,x,9,y,p,q\n", intake.Config{})
	require.JSONEq(t, `{"id":"1","phone":"+1","attributes":{
		"mobile":"+2","column_4":"x","grosse_m":9,"_1st_choice":"y","a_b":"p","a_b_2":"q"
	}}`, string(rec.Data))
}
